"""What `in` may name: a calendar period, two dates, a day, or the time of a matched resource."""

from __future__ import annotations

import re

from msgspec import Struct

from shared.segment.bound import NAME, Bound, parse_bound
from shared.segment.edge import AnyEdge, Periodic, edge
from shared.segment.periods import Periods, Unit
from shared.segment.wall import ALWAYS, NEVER, Wall

_CALENDAR = re.compile(r"(this|last|next) (day|week|month|quarter|half-year|year)")
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_STEPS = {"last": -1, "this": 0, "next": 1}
_MATCH = re.compile(rf"(day of )?({NAME})")
_EXPECTED = (
    'a calendar period such as "last month", a date or two joined by "/", the name of a match, or a bound'
)


class SpanWords(Struct, frozen=True):
    """A parsed `in`: a calendar period, or from one bound until another."""

    unit: Unit | None = None
    after: int = 0
    """Which period: 0 is the one that it is now."""
    lower: Bound = Bound("now")
    upper: Bound = Bound("now")
    open: bool = False
    """Whether a missing end of the match leaves the window open there."""

    @property
    def named(self) -> frozenset[str]:
        """Return the names of the matches that it refers to."""
        return frozenset() if self.unit else self.lower.named | self.upper.named

    def edges(self, wall: Wall) -> tuple[AnyEdge, AnyEdge]:
        """Compile to (lower, upper)."""
        if self.unit is not None:
            periods = Periods(self.unit)
            return Periodic(wall, periods, self.after), Periodic(wall, periods, self.after + 1)
        early, late = (ALWAYS, NEVER) if self.open else (None, None)
        return edge(self.lower, "from", wall, early), edge(self.upper, "until", wall, late)


def parse_span(text: str) -> SpanWords:
    """Parse what `in` says. Raises ValueError."""
    words = " ".join(text.split())
    if words in _DAYS:
        return SpanWords("day", _DAYS[words])
    if calendar := _CALENDAR.fullmatch(words):
        return SpanWords(_unit(calendar[2]), _STEPS[calendar[1]])
    if (match := _MATCH.fullmatch(words)) and match[2] not in ("now", "birth"):
        day, name = bool(match[1]), match[2]
        return SpanWords(lower=Bound(name, "start", day), upper=Bound(name, "end", day), open=True)
    lower, bar, upper = words.partition("/")
    try:
        first = parse_bound(lower.strip())
        return SpanWords(lower=first, upper=parse_bound(upper.strip()) if bar else first)
    except ValueError:
        raise ValueError(f"is not {_EXPECTED}") from None


def _unit(word: str) -> Unit:
    units: tuple[Unit, ...] = ("day", "week", "month", "quarter", "half-year", "year")
    return next(unit for unit in units if unit == word)
