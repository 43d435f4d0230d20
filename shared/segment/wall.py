"""Calendar arithmetic that only ever moves forward: the ground under windows and ages.

`shared.fhir.calendar.add` answers "what is six months before this instant?". As `now` passes, its answers
jump back where a month is too short or clocks are set back, so a fact could leave a window and come back in.
A window's edge must not: here an edge is the *latest* that plain arithmetic gave for any instant up to
`now`. A day that the month does not have is therefore the end of that month's last day, and the hour that
clocks repeat counts as over when it first is. `reaches` is the exact inverse, so flips need no search.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import MAXYEAR, MINYEAR, datetime, timedelta, tzinfo
from functools import lru_cache

from shared.fhir.calendar import Duration
from shared.fhir.instants import Instant, from_datetime, to_datetime

ALWAYS = Instant(-(2**63))
"""Before every instant."""
NEVER = Instant(2**63 - 1)
"""After every instant."""
_REMEMBERED = 1 << 14
"""Many segments ask about the same facts and windows, and a patient is looked at again and again."""
_TICK = timedelta(microseconds=1)


class Wall:
    """The wall clock of a time zone, naive datetimes, with gaps and repeats smoothed."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self.shift = lru_cache(maxsize=_REMEMBERED)(self._shift)
        """(now, by) → the edge that lies `by` from `now`; ALWAYS or NEVER outside the years 1 to 9999."""
        self.reaches = lru_cache(maxsize=_REMEMBERED)(self._reaches)
        """(edge, by) → the first `now` whose `shift` is at or after `edge`."""

    def show(self, instant: Instant) -> datetime:
        """Return the latest time that the clock has shown by `instant`."""
        local = to_datetime(instant, self.zone)
        if local.fold:
            first = from_datetime(local.replace(fold=0))
            local = to_datetime(Instant(self._transition(first, instant) - 1), self.zone)
        return local.replace(tzinfo=None, fold=0)

    def reach(self, wall: datetime) -> Instant:
        """Return the first instant at which the clock shows `wall` or later."""
        first = wall.replace(tzinfo=self.zone)
        instant = from_datetime(first)
        second = from_datetime(first.replace(fold=1))
        # In an hour that clocks skip, the second reading is the earlier one; in one they repeat, the later.
        return instant if second >= instant else self._transition(second, instant)

    def _transition(self, before: Instant, after: Instant) -> Instant:
        """Find the instant between the two at which the offset from UTC changes."""
        offset = to_datetime(before, self.zone).utcoffset()
        while after - before > 1:
            middle = Instant((before + after) // 2)
            if to_datetime(middle, self.zone).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after

    def _shift(self, now: Instant, by: Duration) -> Instant:
        try:
            moved = now
            if by.months or by.days:
                wall = _clamped(self.show(now), by.months)
                moved = self.reach(wall + timedelta(days=by.days) if by.days else wall)
        except (OverflowError, ValueError):
            return _beyond(now, by.sign)
        return Instant(moved + by.micros)

    def _reaches(self, edge: Instant, by: Duration) -> Instant:
        target = Instant(edge - by.micros)
        if not (by.months or by.days):
            return target
        try:
            wall = self.show(Instant(target - 1)) + _TICK
            return self.reach(_unclamped(wall - timedelta(days=by.days) if by.days else wall, by.months))
        except (OverflowError, ValueError):
            return _beyond(edge, 1 if edge > 0 else -1)

    def midnight(self, instant: Instant, days: int = 0) -> Instant:
        """Return when the local day of `instant` began, or that of the day so many later."""
        try:
            day = self.show(instant).replace(hour=0, minute=0, second=0, microsecond=0)
            return self.reach(day + timedelta(days=days))
        except (OverflowError, ValueError):
            return _beyond(instant, 1 if instant > 0 else -1)


@lru_cache(maxsize=64)
def wall_of(zone: tzinfo) -> Wall:
    """Return the wall clock of a zone, the same for all who ask."""
    return Wall(zone)


def _beyond(instant: Instant, sign: int) -> Instant:
    return NEVER if sign > 0 else ALWAYS


def _months_on(wall: datetime, months: int) -> tuple[int, int]:
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        raise OverflowError("year outside the calendar")
    return year, month + 1


def _clamped(wall: datetime, months: int) -> datetime:
    """Move by months; a day that the month lacks is the last instant of that month."""
    if not months:
        return wall
    year, month = _months_on(wall, months)
    last = 28 if wall.day <= 28 else monthrange(year, month)[1]
    if wall.day <= last:
        return wall.replace(year=year, month=month)
    return datetime(year, month, last, 23, 59, 59, 999_999)


def _unclamped(wall: datetime, months: int) -> datetime:
    """Return the first time from which `_clamped` gives `wall` or later."""
    if not months:
        return wall
    year, month = _months_on(wall, -months)
    if wall.day <= 28 or wall.day <= monthrange(year, month)[1]:
        return wall.replace(year=year, month=month)
    following = datetime(year, month, 1) + timedelta(days=31)
    return following.replace(day=1)
