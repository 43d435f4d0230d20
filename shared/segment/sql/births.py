"""Conditions on the birth date: turned round, "aged 18 now" is "born no later than this day".

The day is found by asking shared.segment.birth, day by day, halving what is left: a later birth never
reaches an age earlier.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from shared.fhir.instants import Instant
from shared.segment.birth import age_reached
from shared.segment.sql.text import EVERYBODY, NOBODY, all_of
from shared.segment.wall import ALWAYS, NEVER, Wall

_FIRST, _LAST = date(1, 1, 3).toordinal(), date.max.toordinal()
"""Between these the clock of every zone can show the day."""
KNOWN = "p.born IS NOT NULL"


def reached(wall: Wall, months: int, at: Instant) -> str:
    """Test whether an age was reached by an instant, that included; never NULL."""
    when = age_reached(wall, months)
    return _born_before(lambda born: when(born) > at)


def born_from(wall: Wall, lower: Instant) -> str:
    """Test whether the birth date began at or after an instant; never NULL."""
    if lower == NEVER:
        return NOBODY
    when = age_reached(wall, 0)
    return KNOWN if lower == ALWAYS else f"({KNOWN} AND p.born >= {_first(lambda born: when(born) >= lower)})"


def born_before(wall: Wall, upper: Instant) -> str:
    """Test whether the birth date began before an instant; never NULL."""
    when = age_reached(wall, 0)
    return _born_before(lambda born: when(born) >= upper)


def _born_before(beyond: Callable[[str], bool]) -> str:
    return f"({KNOWN} AND p.born < {_first(beyond)})"


def _first(beyond: Callable[[str], bool]) -> int:
    """Return the first day for which it is so; all that follow are so too."""
    low, high = _FIRST - 1, _LAST + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if beyond(date.fromordinal(middle).isoformat()) else (middle, high)
    return high


def aged(wall: Wall, at_least: int | None, below: int | None, at: Instant) -> str:
    """Test whether somebody is so old at an instant, in months; never NULL."""
    tests = [KNOWN, EVERYBODY if at_least is None else reached(wall, at_least, at)]
    return all_of([*tests, EVERYBODY if below is None else f"NOT {reached(wall, below, at)}"])
