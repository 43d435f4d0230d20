"""How the time of a fact lies to a window, and the span of `now` during which it lies so.

Every relation says that a span [first, end) of the fact meets a window [lower, upper): first < upper and
end > lower. For `during` the span is turned inside out (its end before upper, its start not before lower).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Self

from msgspec import Struct
from pydantic import StrictBool, model_validator

from shared.authoring import Authored
from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.segment.bound import Bound
from shared.segment.edge import AnyEdge, Bindings, Edge, Fixed, Hung, edge, resolved
from shared.segment.recorded import recorded
from shared.segment.wall import ALWAYS, NEVER, Wall
from shared.segment.window import AnyWindow, Window

type Span = tuple[Instant, Instant]
"""What of a fact must meet the window, [first, end): a start is [start, start + 1)."""
_UNKNOWN = Instant(ALWAYS + 1)
"""The end of what ended nobody knows when: only a window that was always open surely met it."""
GOING_ON = {
    "Condition": ("active", "recurrence", "relapse"),
    "MedicationRequest": ("active", "on-hold"),
    "MedicationDispense": (),
}
"""With which status something of the type goes on where it has no end; of other types it always does.

So prevalenceInterval of QICoreCommon has it, and for medications CumulativeMedicationDuration, which goes
further: there no order without supply or bounds has any period.
"""


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
        if span[1] == _UNKNOWN:
            return NEVER if self.lower == Fixed(ALWAYS) else ALWAYS
        return NEVER if span[1] == NEVER else self.lower.reaches(span[1])


class HungRelation(Struct, frozen=True):
    """A relation whose edges hang, in part, on a match or on the birth date."""

    kind: str
    lower: AnyEdge
    upper: AnyEdge
    span: Callable[[Fact], Span | None]

    def resolve(self, bound_to: Bindings, birth: Instant) -> Relation | None:
        """Return the relation to these resources; None where an edge has nothing to hang on."""
        lower, upper = (resolved(one, bound_to, birth) for one in (self.lower, self.upper))
        return None if lower is None or upper is None else relation(self.kind, lower, upper, self.span)


class When(Authored):
    """When it was so: every word given must hold."""

    starts: AnyWindow | None = None
    """Its start (onset, effective, performed, period, appointment start, authored) is in the window."""
    ends: AnyWindow | None = None
    """Its end is in the window; what has no end never is."""
    at: AnyWindow | None = None
    """Its end, or where none is known its start, is in the window."""
    overlaps: AnyWindow | None = None
    """Some of it is in the window; what began and has no end is still so, unless its status says not."""
    during: AnyWindow | None = None
    """All of it is in the window; what has no end never is."""
    before: AnyWindow | None = None
    """It ended before the window begins."""
    after: AnyWindow | None = None
    """It starts after the window ends."""
    recorded: AnyWindow | None = None
    """It was written down (authored, recorded, asserted; issued, if it was not done) in the window."""
    undated: StrictBool = False
    """Count what lacks the date that a word asks about as well."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not any(True for _ in self.windows()):
            raise ValueError(f"says nothing: give {', '.join(_VERBS)}")
        return self

    def windows(self) -> Iterator[tuple[str, Window]]:
        """Yield each word that is given, with its window."""
        for kind in _VERBS:
            if (window := getattr(self, kind)) is not None:
                yield kind, window

    @property
    def named(self) -> frozenset[str]:
        """Return the names of the matches that it refers to."""
        return frozenset().union(*(window.named for _, window in self.windows()))

    @property
    def hangs(self) -> bool:
        """Say whether a window hangs on a match or on the birth date."""
        return any(window.hangs for _, window in self.windows())

    def relations(self, wall: Wall) -> tuple[Relation, ...]:
        """Compile each word that is given; none may hang on anything."""
        found = (hung.resolve(lambda _: None, NEVER) for hung in self.hung(wall))
        return tuple(made for made in found if made is not None)

    def hung(self, wall: Wall) -> tuple[HungRelation, ...]:
        """Compile each word that is given, to be resolved match by match."""
        spans = {**SPANS, "recorded": recorded(wall.zone or UTC)}
        return tuple(HungRelation(kind, *window.edges(wall), spans[kind]) for kind, window in self.windows())

    def words(self) -> str:
        """Say it in English: "in the last 6 months", "starting in the next 3 days"."""
        return " and ".join(_said(kind, window) for kind, window in self.windows())


def _said(kind: str, window: Window) -> str:
    words = window.words()
    if kind == "starts" and window.last:
        return words
    within = kind in ("overlaps", "during", "before", "after")
    return f"{_VERBS[kind]}{words.removeprefix('in ') if within else words}"


_VERBS = {
    "starts": "starting ",
    "ends": "ended ",
    "at": "at ",
    "overlaps": "during ",
    "during": "wholly ",
    "before": "ended before ",
    "after": "starting after ",
    "recorded": "recorded ",
}


def _starts(fact: Fact) -> Span | None:
    return None if fact.start is None else (fact.start, Instant(fact.start + 1))


def _ends(fact: Fact) -> Span | None:
    return None if fact.end is None else (fact.end, Instant(fact.end + 1))


def _at(fact: Fact) -> Span | None:
    return _starts(fact) if fact.end is None else _ends(fact)


def goes_on(fact: Fact) -> bool:
    """Say whether what has no end goes on, or ended nobody knows when."""
    statuses = GOING_ON.get(fact.resource_type)
    return statuses is None or fact.status in statuses


def _overlaps(fact: Fact) -> Span | None:
    start, end = fact.start, fact.end
    if start is None and end is None:
        return None
    last = Instant(end + 1) if end is not None else NEVER if goes_on(fact) else _UNKNOWN
    return (ALWAYS if start is None else start), last


def _during(fact: Fact) -> Span | None:
    if fact.start is None or fact.end is None:
        return None
    return fact.end, Instant(fact.start + 1)


def _before(fact: Fact) -> Span | None:
    return None if fact.end is None else (fact.end, NEVER)


def _after(fact: Fact) -> Span | None:
    return None if fact.start is None else (ALWAYS, Instant(fact.start + 1))


SPANS: dict[str, Callable[[Fact], Span | None]] = {
    "starts": _starts,
    "ends": _ends,
    "at": _at,
    "overlaps": _overlaps,
    "during": _during,
    "before": _before,
    "after": _after,
}
"""What of a fact each word of `when` looks at; `recorded` wants a zone, see shared.segment.recorded."""


def relation(
    kind: str, lower: Edge, upper: Edge, span: Callable[[Fact], Span | None] | None = None
) -> Relation:
    """Make the relation of a word to a window; before and after look at one edge of it."""
    if kind == "before":
        lower, upper = Fixed(ALWAYS), lower
    elif kind == "after":
        lower, upper = upper, Fixed(NEVER)
    return Relation(span or SPANS[kind], lower, upper, kind)


def begun(wall: Wall) -> Relation:
    """Make the rule for what is meant to have begun: its start, where it has one, is not after now."""
    upper = edge(Bound("now"), "until", wall)
    assert not isinstance(upper, Hung)
    return Relation(_starts, Fixed(ALWAYS), upper, "begun")
