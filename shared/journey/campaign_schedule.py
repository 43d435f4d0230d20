"""When a campaign runs: once, or again and again by an RFC 5545 rule, by whose clock.

Everything is reckoned in wall clock time, so that nine o'clock is nine o'clock on both sides of a change to
daylight saving. By the patient's clock an occurrence begins when the first place on earth reaches it; each
patient is entered then, and waits for their own.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Self

from dateutil import rrule as rfc5545
from msgspec import Struct
from pydantic import field_validator, model_validator

from shared.authoring import Authored
from shared.fhir.instants import Instant, from_datetime, iso, parse_instant, to_datetime
from shared.journey.due import Whose, exact

EARLIEST = timezone(timedelta(hours=14))
"""Where the day begins first."""
LATEST = timezone(timedelta(hours=-12))
_PART = re.compile(
    r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)|(INTERVAL|COUNT)=[1-9]\d{0,3}|WKST=(MO|TU|WE|TH|FR|SA|SU)"
    r"|BYDAY=([+-]?\d{0,2}(MO|TU|WE|TH|FR|SA|SU),?)+|(BYMONTHDAY|BYMONTH|BYSETPOS|BYWEEKNO|BYYEARDAY|BYHOUR)"
    r"=(-?\d{1,3},?)+"
)
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")
_YEARS_AHEAD = timedelta(days=3660)
_LONGEST = timedelta(days=36600)


class Occurrence(Struct, frozen=True):
    """One time that a campaign runs."""

    name: str
    """What tells it from the others: the wall clock, or the instant, at which it is to be."""
    begins: Instant
    """When the first may be entered."""
    local_at: str = ""
    """By the patient's clock: what it shows then."""

    @property
    def begun_everywhere(self) -> Instant:
        """Return the instant from which on nobody waits for their own clock any more."""
        return _wall(self.local_at, LATEST) if self.local_at else self.begins


class CampaignSchedule(Authored):
    """Once at `start`, or by a rule from `start` on."""

    start: str
    """A date and time on the clock, "2026-03-02T10:00"; once, it may be an instant with its offset."""
    rrule: str | None = None
    """RFC 5545, of dates: "FREQ=MONTHLY;BYDAY=1MO" is the first Monday of each month."""
    zone: Whose = "organisation"
    """Whose clock: the organisation's, or each patient's own."""
    until: str | None = None
    """With a rule: none is later than this date and time on the clock."""

    @field_validator("start")
    @classmethod
    def _start(cls, text: str) -> str:
        return text if _is_local(text) else exact(text)

    @field_validator("until")
    @classmethod
    def _until(cls, text: str | None) -> str | None:
        if text is not None and not _is_local(text):
            raise ValueError('not a date and time on the clock such as "2026-03-02T10:00"')
        return text

    @field_validator("rrule")
    @classmethod
    def _rule(cls, text: str | None) -> str | None:
        parts = [] if text is None else text.split(";")
        wrong = next((part for part in parts if not _PART.fullmatch(part)), None)
        if wrong is not None:
            raise ValueError(f"{wrong} cannot be part of a rule here")
        return text

    @model_validator(mode="after")
    def _together(self) -> Self:
        if not _is_local(self.start) and (self.rrule or self.zone == "patient"):
            raise ValueError("start is what the clock shows here, without an offset")
        if self.until is not None and not self.rrule:
            raise ValueError("until is for a rule")
        if self.rrule:
            _check(self.rrule, datetime.fromisoformat(self.start), self.until)
        return self

    def latest(self, since: Instant | None, now: Instant, zone: tzinfo) -> Occurrence | None:
        """Return the latest occurrence that has begun by `now` and later than `since`, if there is one."""
        found = self._once(zone) if self.rrule is None else self._before(now, zone)
        if found is None or found.begins > now or (since is not None and found.begins <= since):
            return None
        return found

    def following(self, after: Instant, zone: tzinfo) -> Occurrence | None:
        """Return the first occurrence that begins later than `after`, if there is one."""
        if self.rrule is None:
            found = self._once(zone)
            return found if found.begins > after else None
        for wall in self._rule_of().xafter(self._on_the_clock(after, zone), inc=True):
            if self.until is not None and wall > datetime.fromisoformat(self.until):
                return None
            occurrence = self._at(wall, zone)
            if occurrence.begins > after:
                return occurrence
        return None

    def _once(self, zone: tzinfo) -> Occurrence:
        if _is_local(self.start):
            return self._at(datetime.fromisoformat(self.start), zone)
        begins = parse_instant(self.start)
        return Occurrence(iso(begins), begins)

    def _before(self, now: Instant, zone: tzinfo) -> Occurrence | None:
        last = self._on_the_clock(now, zone)
        if self.until is not None:
            last = min(last, datetime.fromisoformat(self.until))
        wall = self._rule_of().before(last, inc=True)
        if wall is not None and self._at(wall, zone).begins > now:  # an hour that daylight saving skips
            wall = self._rule_of().before(wall)
        return None if wall is None else self._at(wall, zone)

    def _at(self, wall: datetime, zone: tzinfo) -> Occurrence:
        name = wall.isoformat(timespec="minutes")
        if self.zone == "patient":
            return Occurrence(name, from_datetime(wall.replace(tzinfo=EARLIEST)), name)
        return Occurrence(name, from_datetime(wall.replace(tzinfo=zone)))

    def _on_the_clock(self, instant: Instant, zone: tzinfo) -> datetime:
        return to_datetime(instant, EARLIEST if self.zone == "patient" else zone).replace(tzinfo=None)

    def _rule_of(self) -> rfc5545.rrule:
        assert self.rrule is not None
        return _compiled(self.rrule, datetime.fromisoformat(self.start))


@lru_cache(maxsize=256)
def _compiled(text: str, start: datetime) -> rfc5545.rrule:
    """Parse a rule that was checked; one without an end gets one in a hundred years: no search is endless."""
    rule = rfc5545.rrulestr(text, dtstart=start)
    assert isinstance(rule, rfc5545.rrule)
    return rule if "COUNT=" in text else rule.replace(until=start + _LONGEST)


def _check(text: str, start: datetime, until: str | None) -> None:
    """See that the rule can be parsed and comes about. Raises ValueError."""
    endless = ";".join(part for part in text.split(";") if not part.startswith("COUNT="))
    try:
        rule = rfc5545.rrulestr(endless, dtstart=start)
    except (ValueError, TypeError, KeyError):
        raise ValueError(f"{text} is no rule of RFC 5545 that can be used here") from None
    assert isinstance(rule, rfc5545.rrule)
    last = min(datetime.fromisoformat(until), start + _YEARS_AHEAD) if until else start + _YEARS_AHEAD
    if next(iter(rule.replace(until=last)), None) is None:
        raise ValueError("the rule never comes about, or not in ten years")


def _is_local(text: str) -> bool:
    if not _LOCAL.fullmatch(text):
        return False
    datetime.fromisoformat(text)
    return True


def _wall(text: str, zone: tzinfo) -> Instant:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=zone))
