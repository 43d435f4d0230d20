"""Windows of time as authors write them: `last`, `next`, `in`, or edges.

A window is [lower, upper): `lower` is the first instant that is in, `upper` the first that is out. "last P6M"
is what came after now - P6M, up to and including now; "next P3D" what comes after now, up to and including
now + P3D. Both edges only move forward, so a fact is in a window during one span of `now`: [enter, leave).
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from shared.authoring import Authored
from shared.fhir.calendar import describe, parse_duration
from shared.segment.bound import Bound, BoundText, LengthText, Word, as_text, parse_bound
from shared.segment.edge import AnyEdge, Fixed, edge
from shared.segment.span_words import parse_span
from shared.segment.wall import ALWAYS, NEVER, Wall


def _checked_span(text: str) -> str:
    parse_span(text)
    return text


type SpanText = Annotated[
    str, BeforeValidator(as_text, json_schema_input_type=str | int), AfterValidator(_checked_span)
]


class Window(Authored):
    """A half-open window of time: `last` or `next` a duration, `in` something named, or bounds."""

    last: LengthText | None = None
    """Up to now, and not longer ago than this duration: now - last < x <= now."""
    next: LengthText | None = None
    """After now, and no later than this duration: now < x <= now + next."""
    in_: SpanText | None = Field(None, alias="in")
    """All of "this month", "last year", 2026, 2026-01-01/2026-06-30, a match ("stay"), "day of stay"."""
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
        whole = [self.last, self.next, self.in_]
        lower, upper = [*whole, self.from_, self.after], [*whole, self.before, self.until]
        if not any(lower) and not any(upper):
            raise ValueError("is no window: give last, next, in, from, after, before or until")
        if sum(map(bool, lower)) > 1 or sum(map(bool, upper)) > 1:
            raise ValueError(
                "gives an edge twice: last, next and in stand alone; from or after, before or until"
            )
        return self

    @property
    def bounds(self) -> tuple[tuple[Word, Bound], ...]:
        """Return the edges that are given as bounds."""
        named: tuple[tuple[Word, str | None], ...] = (
            ("from", self.from_),
            ("after", self.after),
            ("before", self.before),
            ("until", self.until),
        )
        return tuple((word, parse_bound(text)) for word, text in named if text)

    @property
    def named(self) -> frozenset[str]:
        """Return the names of the matches that it refers to."""
        spans = parse_span(self.in_).named if self.in_ else frozenset()
        return spans.union(*(bound.named for _, bound in self.bounds))

    @property
    def hangs(self) -> bool:
        """Say whether it hangs on a match or on the birth date."""
        anchors = {bound.anchor for _, bound in self.bounds}
        if self.in_ and not (span := parse_span(self.in_)).unit:
            anchors |= {span.lower.anchor, span.upper.anchor}
        return not anchors <= {"now", "date"}

    def edges(self, wall: Wall) -> tuple[AnyEdge, AnyEdge]:
        """Compile to (lower, upper)."""
        if self.last or self.next:
            early, late = (f"now - {self.last}", "now") if self.last else ("now", f"now + {self.next}")
            return edge(parse_bound(early), "after", wall), edge(parse_bound(late), "until", wall)
        if self.in_:
            return parse_span(self.in_).edges(wall)
        found = {word: edge(bound, word, wall) for word, bound in self.bounds}
        lower, upper = found.get("from") or found.get("after"), found.get("before") or found.get("until")
        return lower or Fixed(ALWAYS), upper or Fixed(NEVER)

    def words(self) -> str:
        """Say the window in English: "in the last 6 months"."""
        if self.last or self.next:
            length = describe(parse_duration(self.last or self.next or ""))
            return f"in the {'last' if self.last else 'next'} {length}"
        if self.in_:
            span = parse_span(self.in_)
            return self.in_ if span.unit else f"in {self.in_}"
        named = (("from", self.from_), ("after", self.after), ("before", self.before), ("until", self.until))
        return " ".join(f"{name} {bound}" for name, bound in named if bound)


def _window(value: object) -> object:
    """Let a text or a date stand for the window `in` it."""
    value = as_text(value)
    return {"in": value} if isinstance(value, str) else value


type AnyWindow = Annotated[Window, BeforeValidator(_window, json_schema_input_type=Window | str | int)]
