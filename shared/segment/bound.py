"""One edge of a window as an author writes it, and as an instant that moves with `now`.

A bound is "now", "today", either of them "- P6M" or "+ P3D", or a FHIR date or date-time. "today" and a
date cover a whole day ("2021-03" a month): `from` and `before` look at their beginning, `after` and `until`
at their end.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Literal, Protocol

from msgspec import Struct
from pydantic import AfterValidator, BeforeValidator

from shared.fhir.calendar import Duration, parse_duration
from shared.fhir.instants import Instant, parse_range
from shared.segment.wall import ALWAYS, NEVER, Wall

_RELATIVE = re.compile(r"(now|today)(?:\s*([+-])\s*(P\S+))?")
_EXPECTED = '"now", "today - P6M", or a date such as 2021-03-31'
LONGEST = Duration(months=12 * 200, days=366 * 200, micros=10**15)

type Word = Literal["from", "after", "before", "until"]
"""At or after its beginning, after its end, before its beginning, before its end."""


class Bound(Struct, frozen=True):
    """A parsed bound."""

    anchor: Literal["now", "today", ""]
    by: Duration = Duration()
    text: str = ""
    """The FHIR date-time, where there is no anchor."""


def parse_length(text: str) -> Duration:
    """Parse a positive ISO 8601 duration. Raises ValueError."""
    length = parse_duration(text)
    if length.sign <= 0 or length.months > LONGEST.months or length.days > LONGEST.days:
        raise ValueError('is not a positive ISO 8601 duration such as "P6M"')
    return length


def parse_bound(text: str) -> Bound:
    """Parse a bound. Raises ValueError."""
    match = _RELATIVE.fullmatch(text.strip())
    if match is not None:
        length = parse_length(match[3]) if match[3] else Duration()
        return Bound("now" if match[1] == "now" else "today", -length if match[2] == "-" else length)
    try:
        parse_range(text)
    except ValueError:
        raise ValueError(f"is not {_EXPECTED}") from None
    return Bound("", text=text)


def _as_text(value: object) -> object:
    """Let YAML's own dates and years stand for what they were written as."""
    if type(value) is int and 1000 <= value <= 9999:
        return str(value)
    return value.isoformat() if isinstance(value, date | datetime) else value


def _checked_bound(text: str) -> str:
    parse_bound(text)
    return text


def _checked_length(text: str) -> str:
    parse_length(text)
    return text


type BoundText = Annotated[
    str, BeforeValidator(_as_text, json_schema_input_type=str | int), AfterValidator(_checked_bound)
]
type LengthText = Annotated[str, AfterValidator(_checked_length)]


class Edge(Protocol):
    """An instant that depends on `now` and never moves back."""

    @property
    def moves(self) -> bool:
        """Say whether it depends on `now` at all."""

    def at(self, now: Instant) -> Instant:
        """Return where it is."""

    def reaches(self, target: Instant) -> Instant:
        """Return the first `now` at which it is at or after `target`; NEVER, or ALWAYS for it always is."""


class Fixed(Struct, frozen=True):
    """An edge that stays."""

    where: Instant
    moves: bool = False

    def at(self, now: Instant) -> Instant:
        """Return where it is."""
        return self.where

    def reaches(self, target: Instant) -> Instant:
        """Return ALWAYS or NEVER."""
        return ALWAYS if self.where >= target else NEVER


class Moving(Struct, frozen=True):
    """An edge that keeps its distance from `now`; `plus` microseconds make it include its own instant."""

    wall: Wall
    by: Duration
    plus: int
    moves: bool = True

    def at(self, now: Instant) -> Instant:
        """Return where it is."""
        return Instant(self.wall.shift(now, self.by) + self.plus)

    def reaches(self, target: Instant) -> Instant:
        """Return the first `now` at which it is at or after `target`."""
        return self.wall.reaches(Instant(target - self.plus), self.by)


class Daily(Struct, frozen=True):
    """An edge that moves at midnight: the beginning of today, or of the day after, and a distance."""

    wall: Wall
    by: Duration
    days: int
    moves: bool = True

    def at(self, now: Instant) -> Instant:
        """Return where it is."""
        return self.wall.shift(self.wall.midnight(now, self.days), self.by)

    def reaches(self, target: Instant) -> Instant:
        """Return the midnight from which it is at or after `target`."""
        first = self.wall.reaches(target, self.by)
        if first in (ALWAYS, NEVER):
            return first
        begun = self.wall.midnight(first)
        day = begun if begun == first else self.wall.midnight(first, 1)
        return self.wall.midnight(day, -self.days)


def edge(text: str, word: Word, wall: Wall) -> Edge:
    """Compile a bound to the edge e for which `from` and `after` are start >= e, the others start < e."""
    bound = parse_bound(text)
    past = word in ("after", "until")
    if bound.anchor == "now":
        return Moving(wall, bound.by, int(past))
    if bound.anchor == "today":
        return Daily(wall, bound.by, int(past))
    start, end = parse_range(bound.text, wall.zone or UTC)
    return Fixed(Instant(max(end, start + 1)) if past else start)
