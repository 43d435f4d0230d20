"""Windows of time that move with `now`, and the span of `now` during which a fact lies in one.

A window is [lower, upper): `lower` is the first instant that is in, `upper` the first that is out. "last P6M"
is what came after now - P6M, up to and including now; "next P3D" what comes after now, up to and including
now + P3D. Both edges only move forward, so a fact is in a window during one span of `now`: [enter, leave).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from msgspec import Struct
from pydantic import Field, model_validator

from shared.authoring import Authored
from shared.fhir.calendar import describe, parse_duration
from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.segment.bound import BoundText, Edge, Fixed, LengthText, Word, edge
from shared.segment.wall import ALWAYS, NEVER, Wall


class Window(Authored):
    """A half-open window of time: `last` or `next` a duration, or bounds."""

    last: LengthText | None = None
    """Up to now, and not longer ago than this duration: now - last < x <= now."""
    next: LengthText | None = None
    """After now, and no later than this duration: now < x <= now + next."""
    from_: BoundText | None = Field(None, alias="from")
    """At or after the bound."""
    after: BoundText | None = None
    """Later than all that the bound covers."""
    before: BoundText | None = None
    """Earlier than the bound."""
    until: BoundText | None = None
    """No later than the bound, or within the day that it covers."""

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        lower = [self.last, self.next, self.from_, self.after]
        upper = [self.last, self.next, self.before, self.until]
        if not any(lower) and not any(upper):
            raise ValueError("is no window: give last, next, from, after, before or until")
        if sum(map(bool, lower)) > 1 or sum(map(bool, upper)) > 1:
            raise ValueError("gives an edge twice: last and next stand alone; from or after, before or until")
        return self

    def edges(self, wall: Wall) -> tuple[Edge, Edge]:
        """Compile to (lower, upper)."""
        if self.last or self.next:
            early, late = (f"now - {self.last}", "now") if self.last else ("now", f"now + {self.next}")
            return edge(early, "after", wall), edge(late, "until", wall)
        lower = _side((("from", self.from_), ("after", self.after)), wall)
        upper = _side((("before", self.before), ("until", self.until)), wall)
        return lower or Fixed(ALWAYS), upper or Fixed(NEVER)

    def words(self) -> str:
        """Say the window in English: "in the last 6 months"."""
        if self.last or self.next:
            length = describe(parse_duration(self.last or self.next or ""))
            return f"in the {'last' if self.last else 'next'} {length}"
        named = (("from", self.from_), ("after", self.after), ("before", self.before), ("until", self.until))
        return " ".join(f"{name} {bound}" for name, bound in named if bound)


def _side(options: tuple[tuple[Word, str | None], ...], wall: Wall) -> Edge | None:
    return next((edge(bound, word, wall) for word, bound in options if bound), None)


type Span = tuple[Instant, Instant]
"""What of a fact must meet the window, [first, end): a start is [start, start + 1)."""


class Relation(Struct, frozen=True):
    """One condition on when: `span` of the fact meets the window [lower, upper)."""

    span: Callable[[Fact], Span | None]
    lower: Edge
    upper: Edge
    kind: str

    def enter(self, span: Span) -> Instant:
        """Return the first `now` at which the span meets the window, or could."""
        return self.upper.reaches(Instant(span[0] + 1))

    def leave(self, span: Span) -> Instant:
        """Return the first `now` at which the window has passed the span."""
        return NEVER if span[1] == NEVER else self.lower.reaches(span[1])


class When(Authored):
    """When it was so: every word given must hold."""

    starts: Window | None = None
    """Its start (onset, effective, performed, period, appointment start, authored) is in the window."""
    ends: Window | None = None
    """Its end is in the window; what has no end never is."""
    overlaps: Window | None = None
    """Some of it is in the window; what began and has no end is still so."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.starts or self.ends or self.overlaps):
            raise ValueError("says nothing: give starts, ends or overlaps")
        return self

    def relations(self, wall: Wall) -> tuple[Relation, ...]:
        """Compile each word that is given."""
        windows = (("starts", self.starts), ("ends", self.ends), ("overlaps", self.overlaps))
        return tuple(Relation(SPANS[kind], *w.edges(wall), kind) for kind, w in windows if w is not None)

    def words(self) -> str:
        """Say it in English: "in the last 6 months", "starting in the next 3 days"."""
        starting = "" if self.starts and self.starts.last else "starting "
        named = ((starting, self.starts), ("ended ", self.ends), ("during ", self.overlaps))
        return " and ".join(f"{verb}{window.words()}" for verb, window in named if window)


def _starts(fact: Fact) -> Span | None:
    return None if fact.start is None else (fact.start, Instant(fact.start + 1))


def _ends(fact: Fact) -> Span | None:
    return None if fact.end is None else (fact.end, Instant(fact.end + 1))


def _overlaps(fact: Fact) -> Span | None:
    start, end = fact.start, fact.end
    if start is None and end is None:
        return None
    return (ALWAYS if start is None else start), (NEVER if end is None else Instant(end + 1))


SPANS: dict[str, Callable[[Fact], Span | None]] = {"starts": _starts, "ends": _ends, "overlaps": _overlaps}


def begun(wall: Wall) -> Relation:
    """Make the rule for what is meant to have begun: its start, where it has one, is not after now."""
    return Relation(_starts, Fixed(ALWAYS), edge("now", "until", wall), "begun")
