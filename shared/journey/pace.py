"""Pace: how fast people are let into a journey, and how many may go now, by what was granted before.

Used by the gate before a journey with `limits` (shared.usecases.admission), by campaigns and by the dry run:
first come, first served, as many as `allowance` says. Windows roll: "100 an hour" is true of any sixty
minutes, not only of those that a clock begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Self

from msgspec import Struct
from pydantic import Field, model_validator

from shared.authoring import Authored
from shared.fhir.calendar import parse_clock, parse_duration
from shared.fhir.instants import DAY, HOUR, MINUTE, Instant, from_datetime, to_datetime
from shared.journey.due import WEEKDAYS, Weekday
from shared.journey.steps.base import ClockTime, Iso8601Duration

ENDLESS = 1_000_000_000
"""What `allowance` says where nothing limits it."""


class Hours(Authored):
    """Days and hours of the organisation in which people are let in."""

    days: tuple[Weekday, ...] = WEEKDAYS
    """Every day where none are named."""
    # "from" is what an author writes; the attribute needs another name in Python
    since: ClockTime = Field(default="00:00", alias="from")
    until: ClockTime | None = None
    """The first moment that is too late; midnight where none is named."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("needs days, from or until")
        if not self.days:
            raise ValueError("nobody could ever be let in: name a day of the week")
        if self.until is not None and parse_clock(self.until) <= parse_clock(self.since):
            raise ValueError("until is not after from")
        return self

    def open_at(self, now: Instant, zone: tzinfo) -> bool:
        """Say whether people are let in now."""
        local = to_datetime(now, zone)
        early = local.time() < parse_clock(self.since)
        late = self.until is not None and local.time() >= parse_clock(self.until)
        return WEEKDAYS[local.weekday()] in self.days and not early and not late

    def opens(self, now: Instant, zone: tzinfo) -> Instant:
        """Return the first instant, now or later, at which people are let in."""
        if self.open_at(now, zone):
            return now
        today, clock = to_datetime(now, zone).date(), parse_clock(self.since)
        ahead = (
            today + timedelta(days=n) for n in range(15)
        )  # two weeks: daylight saving may swallow an hour
        starts = (from_datetime(datetime.combine(day, clock, tzinfo=zone)) for day in ahead)
        return next((start for start in starts if start >= now and self.open_at(start, zone)), now)


SearchToken = Annotated[str, Field(pattern=r"^[^\s,$\\]+$")]
"""A value that a search of the FHIR server takes as it is."""


class Capacity(Authored):
    """No more invitations than there are free slots, counting those that are still open."""

    service_type: tuple[SearchToken, ...] = ()
    """Slot.serviceType is one of these: "system|code", or just "code"."""
    specialty: tuple[SearchToken, ...] = ()
    """Slot.specialty is one of these."""
    schedule: tuple[SearchToken, ...] = Field(default=(), examples=[["Schedule/1"]])
    """The slot belongs to one of these schedules."""
    within: Iso8601Duration = "P14D"
    """How far ahead free slots count, from now."""
    per_slot: float = Field(default=1.0, gt=0, le=100)
    """Open invitations for each free slot: 1.5 where every third patient does not answer."""

    @model_validator(mode="after")
    def _described(self) -> Self:
        if not (self.service_type or self.specialty or self.schedule):
            raise ValueError("needs service_type, specialty or schedule: which slots")
        if parse_duration(self.within).sign <= 0:
            raise ValueError("within is longer than nothing")
        if any(not each.startswith("Schedule/") for each in self.schedule):
            raise ValueError("schedule names resources such as Schedule/1")
        return self

    def room(self, free_slots: int, open_invitations: int) -> int:
        """Return how many more invitations these slots bear."""
        return max(int(free_slots * self.per_slot) - open_invitations, 0)


class Pace(Authored):
    """How fast people are let in; at least one of these, and all that are named hold at once."""

    per_hour: int | None = Field(default=None, ge=1, le=1_000_000)
    """In any sixty minutes."""
    per_day: int | None = Field(default=None, ge=1, le=10_000_000)
    """In any twenty-four hours."""
    in_all: int | None = Field(default=None, ge=1)
    """Ever: of a journey over all its versions, of a campaign in each run."""
    hours: Hours | None = None
    """Only then."""
    capacity: Capacity | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if all(value is None for _, value in self):
            raise ValueError(f"needs at least one of {', '.join(type(self).model_fields)}")
        if self.per_hour and self.per_day and self.per_day < self.per_hour:
            raise ValueError("per_day is less than per_hour, which then says nothing")
        return self


class Granted(Struct, frozen=True):
    """Who was let in so far, in so far as a pace asks: exact over the last day, and how many in all."""

    total: int = 0
    recent: tuple[tuple[Instant, int], ...] = ()
    """When and how many, oldest first; those of one minute count as of its latest, so never too early."""

    def granting(self, count: int, now: Instant) -> Granted:
        """Return it after so many were let in now. Its size is bounded by the minutes of a day."""
        if count <= 0:
            return self
        kept = [(at, n) for at, n in self.recent if at > now - DAY]
        if kept:  # the clock of another instance may be a little ahead of ours
            now = max(now, kept[-1][0])
            if kept[-1][0] // MINUTE == now // MINUTE:
                return Granted(self.total + count, (*kept[:-1], (now, kept[-1][1] + count)))
        return Granted(self.total + count, (*kept, (now, count)))

    def since(self, after: Instant) -> int:
        """Return how many were let in later than this instant, at most a day ago."""
        return sum(n for at, n in self.recent if at > after)


def allowance(
    pace: Pace,
    granted: Granted,
    now: Instant,
    zone: tzinfo,
    free_slots: int | None = None,
    open_invitations: int = 0,
) -> int:
    """Say how many more may be let in now; `zone` is the organisation's.

    `free_slots` None leaves capacity out of account; it is for those who ask when there will be room.
    """
    if pace.hours is not None and not pace.hours.open_at(now, zone):
        return 0
    room = [ENDLESS]
    if pace.per_hour is not None:
        room.append(pace.per_hour - granted.since(Instant(now - HOUR)))
    if pace.per_day is not None:
        room.append(pace.per_day - granted.since(Instant(now - DAY)))
    if pace.in_all is not None:
        room.append(pace.in_all - granted.total)
    if pace.capacity is not None and free_slots is not None:
        room.append(pace.capacity.room(free_slots, open_invitations))
    return max(min(room), 0)


def next_room(pace: Pace, granted: Granted, now: Instant, zone: tzinfo) -> Instant | None:
    """Return the first instant, now or later, at which somebody may be let in; None where nobody ever is.

    Slots are left out of account: nobody knows when one will be free.
    """
    if pace.in_all is not None and granted.total >= pace.in_all:
        return None
    while True:
        opens = pace.hours.opens(now, zone) if pace.hours else now
        room = max(
            _frees(granted, pace.per_hour, HOUR, opens), _frees(granted, pace.per_day, DAY, opens), opens
        )
        if room == now:
            return now
        now = room


def _frees(granted: Granted, limit: int | None, window: int, now: Instant) -> Instant:
    """Return when a rolling window has room again."""
    if limit is None:
        return now
    inside = [(at, n) for at, n in granted.recent if at > now - window]
    excess = sum(n for _, n in inside) - limit
    for at, n in inside:
        if excess < 0:
            break
        excess -= n
        now = Instant(at + window)
    return now


class Door:
    """Foresees when each of those who come, one after the other, is let in."""

    def __init__(self, pace: Pace | None, granted: Granted, zone: tzinfo, slots: int = ENDLESS) -> None:
        """Begin with what was `granted`; `slots` is how many more invitations the free slots bear now."""
        self._pace = pace
        self._granted = granted
        self._zone = zone
        self._slots = slots
        self._now = Instant(0)

    def passes(self, arrival: Instant) -> Instant | None:
        """Return when somebody who comes then is let in; None: never, or nobody knows (no slot is free)."""
        self._now = max(self._now, arrival)
        room = self._now
        if self._pace is not None:
            found = next_room(self._pace, self._granted, self._now, self._zone)
            if found is None or self._slots <= 0:
                return None
            room, self._slots = found, self._slots - 1
            self._granted = self._granted.granting(1, room)
        self._now = room
        return room


def forecast(
    pace: Pace | None, granted: Granted, arrivals: Iterator[Instant], zone: tzinfo, slots: int = ENDLESS
) -> Iterator[Instant | None]:
    """Say when each of those who come, in the order of `arrivals`, is let in; see Door."""
    door = Door(pace, granted, zone, slots)
    return map(door.passes, arrivals)


def last_of(pace: Pace | None, granted: Granted, count: int, now: Instant, zone: tzinfo) -> Instant | None:
    """Say when the last of so many who wait now is let in, slots left aside; None where some never are."""
    if pace is None:
        return now
    if pace.in_all is not None and pace.in_all - granted.total < count:
        return None
    while count > 0:
        room = next_room(pace, granted, now, zone)
        if room is None:
            return None
        now, some = room, min(allowance(pace, granted, room, zone), count)
        granted, count = granted.granting(some, now), count - some
    return now
