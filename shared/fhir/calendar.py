"""ISO 8601 durations and calendar arithmetic: "three months later" as people in a time zone count it.

Used by segments (windows, ages) and journeys (waits). Calendar parts (years, months, weeks, days) move the
wall clock in the zone, clock parts (hours, minutes, seconds) are absolute time, so that P1D over a
daylight-saving change is the same time tomorrow and PT24H is not.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import MAXYEAR, MINYEAR, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from msgspec import Struct

from shared.fhir.instants import HOUR, MINUTE, SECOND, Instant, from_datetime, to_datetime

_DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?=\d|T\d)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)(?:[.,](?P<fraction>\d{1,6}))?S)?)?",
    re.ASCII,
)
_TEXTUAL = frozenset({"sign", "fraction"})
_LONGEST_DIGITS = 9
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)


class Duration(Struct, frozen=True, array_like=True):
    """A length of time in the three units that do not convert into each other; negative goes back."""

    months: int = 0
    days: int = 0
    micros: int = 0

    def __neg__(self) -> Duration:
        return Duration(-self.months, -self.days, -self.micros)

    def __bool__(self) -> bool:
        return bool(self.months or self.days or self.micros)

    @property
    def sign(self) -> int:
        """Return -1, 0 or 1: which way it goes."""
        return next(((part > 0) - (part < 0) for part in (self.months, self.days, self.micros) if part), 0)


def parse_duration(text: str) -> Duration:
    """Parse "P1Y2M3W4DT5H6M7.5S", with a sign before the P if any. Raises ValueError.

    https://www.w3.org/TR/xmlschema-2/#duration, with weeks beside the other parts as well.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None or any(len(part or "") > _LONGEST_DIGITS for part in match.groups()):
        raise ValueError('not an ISO 8601 duration such as "P3D" or "PT2H"')
    part = {name: int(found or 0) for name, found in match.groupdict().items() if name not in _TEXTUAL}
    micros = part["hours"] * HOUR + part["minutes"] * MINUTE + part["seconds"] * SECOND
    micros += int((match["fraction"] or "").ljust(6, "0"))
    length = Duration(part["years"] * 12 + part["months"], part["weeks"] * 7 + part["days"], micros)
    return -length if match["sign"] == "-" else length


def parse_clock(text: str) -> time:
    """Parse a time of day, "09:00" or "09:00:30". Raises ValueError."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError('not a time of day such as "09:00"')
    return time(int(match[1]), int(match[2]), int(match[3] or 0))


def first_zone(names: Iterable[str], otherwise: tzinfo) -> tzinfo:
    """Return the first of these IANA names that tzdata knows, else `otherwise`."""
    for name in names:
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):  # unknown; not a name; the name of a folder
            continue
    return otherwise


def add(instant: Instant, duration: Duration, zone: tzinfo) -> Instant:
    """Return the instant `duration` after (before, if negative) `instant`, as counted in `zone`.

    Months first, clamped to the end of a shorter month; then days; then clock time. A wall time that
    daylight saving skips becomes the one as much later, one that it repeats is the first of the two.
    Raises ValueError when the answer is outside the years 1 to 9999.
    """
    try:
        moved = _add_calendar(instant, duration, zone) if duration.months or duration.days else instant
        to_datetime(answer := Instant(moved + duration.micros), zone)
    except OverflowError as overflow:
        raise ValueError("a date outside the calendar") from overflow
    return answer


def at_clock(instant: Instant, clock: time, zone: tzinfo) -> Instant:
    """Return the instant on the same local day at which the clock shows `clock`. Raises ValueError."""
    try:
        day = to_datetime(instant, zone).date()
        return from_datetime(datetime.combine(day, clock, tzinfo=zone))
    except OverflowError as overflow:
        raise ValueError("a date outside the calendar") from overflow


def _add_calendar(instant: Instant, duration: Duration, zone: tzinfo) -> Instant:
    local = to_datetime(instant, zone).replace(tzinfo=None, fold=0)
    moved = _add_months(local, duration.months) + timedelta(days=duration.days)
    return from_datetime(moved.replace(tzinfo=zone))


def _add_months(local: datetime, months: int) -> datetime:
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        raise OverflowError("year outside the calendar")
    return local.replace(year=year, month=month + 1, day=min(local.day, monthrange(year, month + 1)[1]))


def describe(duration: Duration) -> str:
    """Say a duration in English, "3 days", "2 hours 30 minutes"; the sign is left out."""
    size = duration if duration.sign >= 0 else -duration
    years, months = divmod(size.months, 12)
    hours, rest = divmod(size.micros, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    counts = ((years, "year"), (months, "month"), (size.days, "day"), (hours, "hour"), (minutes, "minute"))
    parts = [*counts, (rest // SECOND, "second")]
    return " ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in parts if n) or "no time"
