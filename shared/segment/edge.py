"""Edges of windows as instants: fixed, moving with `now`, by calendar periods, or hung on a match or birth.

Compiled from shared.segment.bound; shared.segment.window makes windows of them. An edge e stands for
start >= e (`from`, `after`) or start < e (`before`, `until`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Protocol

from msgspec import Struct

from shared.fhir.calendar import Duration
from shared.fhir.fact import Fact
from shared.fhir.instants import Instant, parse_range
from shared.segment.bound import Bound, Word
from shared.segment.periods import Periods
from shared.segment.wall import ALWAYS, NEVER, Wall


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
    by: tuple[Duration, ...]
    plus: int
    moves: bool = True

    def at(self, now: Instant) -> Instant:
        """Return where it is."""
        return Instant(shifted(self.wall, now, self.by) + self.plus)

    def reaches(self, target: Instant) -> Instant:
        """Return the first `now` at which it is at or after `target`."""
        return _reached(self.wall, Instant(target - self.plus), self.by)


class Periodic(Struct, frozen=True):
    """An edge at the beginning of a calendar period, so many after that of `now`, and a distance from it."""

    wall: Wall
    periods: Periods
    after: int
    by: tuple[Duration, ...] = ()
    moves: bool = True

    def at(self, now: Instant) -> Instant:
        """Return where it is."""
        return shifted(self.wall, self.periods.start(self.wall, now, self.after), self.by)

    def reaches(self, target: Instant) -> Instant:
        """Return the beginning of the period from which it is at or after `target`."""
        first = _reached(self.wall, target, self.by)
        if first in (ALWAYS, NEVER):
            return first
        begun = self.periods.start(self.wall, first, 0)
        whole = begun if begun == first else self.periods.start(self.wall, first, 1)
        return self.periods.start(self.wall, whole, -self.after)


type Bindings = Callable[[str], Fact | None]
"""The matched resource of a name."""


class Hung(Struct, frozen=True):
    """An edge that hangs on a matched resource or on the birth date: resolved for each of them."""

    wall: Wall
    bound: Bound
    past: bool
    """Whether it is the end of what the bound covers."""
    otherwise: Instant | None = None
    """Where it is when the resource has no such date; None for no window at all."""

    def resolve(self, bound_to: Bindings, birth: Instant) -> Edge | None:
        """Return the edge for this resource, or for the person born at `birth` (NEVER if not known)."""
        found = birth if self.bound.anchor == "birth" else _point(bound_to(self.bound.anchor), self.bound)
        if found is None or found == NEVER:
            return None if self.otherwise is None else Fixed(self.otherwise)
        begun, beyond = (found, Instant(found + 1))
        if self.bound.day:
            begun, beyond = self.wall.midnight(found), self.wall.midnight(found, 1)
        return Fixed(shifted(self.wall, beyond if self.past else begun, self.bound.by))


type AnyEdge = Edge | Hung


def resolved(found: AnyEdge, bound_to: Bindings, birth: Instant) -> Edge | None:
    """Return an edge as it is for these resources and this birth; None where it has nothing to hang on."""
    return found.resolve(bound_to, birth) if isinstance(found, Hung) else found


def _point(fact: Fact | None, bound: Bound) -> Instant | None:
    if fact is None:
        return None
    if bound.point == "start":
        return fact.start
    return fact.end if bound.point == "end" or fact.end is not None else fact.start


def edge(bound: Bound, word: Word, wall: Wall, otherwise: Instant | None = None) -> AnyEdge:
    """Compile a bound to its edge."""
    past = word in ("after", "until")
    if bound.anchor == "date":
        return Fixed(_dated(bound, past, wall))
    if bound.anchor != "now":
        return Hung(wall, bound, past, otherwise)
    if bound.yearly is not None:
        by = (Duration(days=1), *bound.by) if past else bound.by
        return Periodic(wall, Periods("year", *bound.yearly), bound.years, by)
    return (
        Periodic(wall, Periods("day"), int(past), bound.by)
        if bound.day
        else Moving(wall, bound.by, int(past))
    )


def _dated(bound: Bound, past: bool, wall: Wall) -> Instant:
    start, end = parse_range(bound.text, wall.zone or UTC)
    if bound.day:
        start, end = wall.midnight(start), wall.midnight(start, 1)
    return shifted(wall, Instant(max(end, start + 1)) if past else start, bound.by)


def shifted(wall: Wall, instant: Instant, by: tuple[Duration, ...]) -> Instant:
    """Move an instant by each length in turn."""
    for length in by:
        if instant in (ALWAYS, NEVER):
            break
        instant = wall.shift(instant, length)
    return instant


def _reached(wall: Wall, target: Instant, by: tuple[Duration, ...]) -> Instant:
    for length in reversed(by):
        if target in (ALWAYS, NEVER):
            break
        target = wall.reaches(target, length)
    return target
