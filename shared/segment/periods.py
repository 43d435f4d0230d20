"""Calendar periods: days, weeks from Monday, months, quarters, half-years and years, one after the other."""

from __future__ import annotations

from calendar import isleap
from datetime import date, datetime, time
from typing import Literal

from msgspec import Struct

from shared.fhir.instants import Instant
from shared.segment.wall import ALWAYS, NEVER, Wall

type Unit = Literal["day", "week", "month", "quarter", "half-year", "year"]
_MONTHS = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
_DAYS = {"day": 1, "week": 7}
_FIRST = date.min.toordinal()
"""0001-01-01 was a Monday."""


class Periods(Struct, frozen=True):
    """All periods of a unit, numbered."""

    unit: Unit
    month: int = 1
    day: int = 1
    """A year begins on this day of this month; one that a year lacks is the first of the next."""

    def start(self, wall: Wall, instant: Instant, after: int) -> Instant:
        """Return when the period began that is so many `after` the one that `instant` lies in."""
        try:
            number = self._number(wall.show(instant).date())
            return wall.reach(datetime.combine(self._begin(number + after), time.min))
        except (OverflowError, ValueError):
            return NEVER if instant > 0 or instant == NEVER else ALWAYS

    def _number(self, day: date) -> int:
        if self.unit in _DAYS:
            return (day.toordinal() - _FIRST) // _DAYS[self.unit]
        if self.unit == "year":
            return day.year - ((day.month, day.day) < (self.month, self.day))
        return (day.year * 12 + day.month - 1) // _MONTHS[self.unit]

    def _begin(self, number: int) -> date:
        if self.unit in _DAYS:
            return date.fromordinal(number * _DAYS[self.unit] + _FIRST)
        if self.unit == "year":
            leapless = (self.month, self.day) == (2, 29) and not isleap(number)
            return date(number, 3, 1) if leapless else date(number, self.month, self.day)
        year, month = divmod(number * _MONTHS[self.unit], 12)
        return date(year, month + 1, 1)
