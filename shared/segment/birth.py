"""When a person reaches an age: the beginning of the birthday in the definition's zone.

A person born on 29 February has their birthday on 1 March in other years; a month's birthday on a day that
the month lacks is the first of the next. A partial birth date ("1970-05") counts as its first day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from shared.fhir.instants import Instant
from shared.segment.wall import NEVER, Wall


def born(birth_date: str) -> datetime | None:
    """Return the first moment of the birth date on the wall clock; None when it is not known."""
    year, _, rest = birth_date.partition("-")
    month, _, day = rest.partition("-")
    try:
        return datetime(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None


def birthday(first: datetime, months: int) -> datetime:
    """Return the wall time at which somebody born at `first` is so many months old."""
    years, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    try:
        return first.replace(year=years, month=month + 1)
    except ValueError:  # the month is too short
        return datetime(years + (month == 11), (month + 1) % 12 + 1, 1)


@lru_cache(maxsize=256)
def age_reached(wall: Wall, months: int) -> Callable[[str], Instant]:
    """Return a function from birth date to the instant of reaching an age; NEVER for unknown dates.

    The same for all who ask, as it remembers: many windows hang on the day of birth.
    """

    @lru_cache(maxsize=1 << 16)
    def reached(birth_date: str) -> Instant:
        first = born(birth_date)
        try:
            return NEVER if first is None else wall.reach(birthday(first, months))
        except (OverflowError, ValueError):
            return NEVER

    return reached


def age(birth_date: str, at: datetime) -> tuple[int, int]:
    """Return (years, months) of age on a wall clock; (0, 0) for an unknown date."""
    first = born(birth_date)
    if first is None:
        return 0, 0
    months = (at.year - first.year) * 12 + at.month - first.month
    if birthday(first, months) > at:
        months -= 1
    return months // 12, months
