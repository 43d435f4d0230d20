"""Windows: at which instants a wall clock is within given hours, over all that daylight saving does to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from shared.fhir.instants import DAY, HOUR, MINUTE, SECOND, Instant, from_datetime, to_datetime
from shared.message.timing.days_off import day_off

_EVERY_DAY = frozenset(range(7))


class Hours(Struct, frozen=True):
    """When messages may go out, by the wall clock; times in microseconds since midnight."""

    opens: int
    """From here on…"""
    closes: int
    """…and before this; DAY is the end of the day."""
    days: frozenset[int] = _EVERY_DAY
    """Monday is 0."""
    off: tuple[str, ...] = ()
    """See QuietHours.holidays."""


def allowed(hours: Hours, zone: ZoneInfo, at: Instant) -> bool:
    """Say whether messages may go out.

    What has closed stays closed: where clocks go back over the closing hour, it does not open again.
    """
    local = to_datetime(at, zone)
    if not hours.opens <= _since_midnight(local) < hours.closes or why_day_off(hours, local.date()):
        return False
    return not local.fold or at < _instant(local.date(), hours.closes, zone)


def why_day_off(hours: Hours, day: date) -> str:
    """Return why nothing may be sent on a whole day, or ""."""
    if day.weekday() not in hours.days:
        return f"no messages on {day:%A}s"
    found = day_off(day, hours.off)
    return f"holiday: {found}" if found else ""


def first_allowed(hours: Hours, zone: ZoneInfo, start: Instant, until: Instant) -> Instant | None:
    """Return the first instant in [start, until] at which messages may go out, None where there is none."""
    if allowed(hours, zone, start):
        return start
    first = to_datetime(start, zone).date()
    for days in range((until - start) // DAY + 2):
        day = first + timedelta(days=days)
        if why_day_off(hours, day):
            continue
        for opening in _openings(hours, zone, day):
            at = max(opening, start)
            if at <= until and allowed(hours, zone, at):
                return at
    return None


def _openings(hours: Hours, zone: ZoneInfo, day: date) -> Iterator[Instant]:
    """Yield when the clock comes to `opens`: twice where it goes back over it.

    Where it leaps over it, that is when it leaps (https://peps.python.org/pep-0495/: in a gap the first
    reading is the later one).
    """
    first, second = (_instant(day, hours.opens, zone, fold) for fold in (0, 1))
    if second < first:
        yield _leap(zone, second, first)
        return
    yield first
    if first < second:
        yield second


def _leap(zone: ZoneInfo, before: Instant, after: Instant) -> Instant:
    """Return the instant between the two from which the clock has its later offset."""
    offset = to_datetime(after, zone).utcoffset()
    while after - before > 1:
        middle = Instant((before + after) // 2)
        if to_datetime(middle, zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def _instant(day: date, clock: int, zone: ZoneInfo, fold: int = 0) -> Instant:
    """Return when the clock shows `clock` on a day, of two such instants the first."""
    naive = datetime.combine(day, time()) + timedelta(microseconds=clock)
    return from_datetime(naive.replace(tzinfo=zone, fold=fold))


def _since_midnight(local: datetime) -> int:
    return local.hour * HOUR + local.minute * MINUTE + local.second * SECOND + local.microsecond
