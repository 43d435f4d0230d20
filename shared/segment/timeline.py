"""Facts moving through windows as time passes: who is in, and when what they say together changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.segment.wall import ALWAYS, NEVER
from shared.segment.when import Relation

type State = Callable[[list[Fact]], bool]
"""What the facts that are in say together; their order means nothing."""
type Sorted = tuple[list[Fact], list[Fact]]
"""The facts that are in now, and those that may yet come in."""

_ANY_TIME = (ALWAYS, NEVER)
"""The span of what is in every window."""
_MOST_STEPS = 64
"""After so many changes ahead, the next one is given as a bound."""


class Timeline(Struct, frozen=True):
    """The relations that all must hold for a fact to be in."""

    relations: tuple[Relation, ...]
    undated: bool
    """Whether a fact without the date that is asked about is in, always."""

    @property
    def leaves(self) -> bool:
        """Say whether a fact can leave by time alone."""
        return any(relation.lower.moves for relation in self.relations)

    @property
    def moves(self) -> bool:
        """Say whether time alone can change anything."""
        return any(relation.lower.moves or relation.upper.moves for relation in self.relations)

    def sorter(self) -> Callable[[Iterable[Fact], Instant], Sorted]:
        """Compile what tells the facts that are in from those to come; those gone for good are dropped."""
        if not self.relations:
            return lambda facts, now: (list(facts), [])
        return _single(self.relations[0], self.undated) if len(self.relations) == 1 else _several(self)

    def stay(self, fact: Fact) -> tuple[Instant, Instant]:
        """Return [enter, leave): when the fact is in."""
        enter, leave = ALWAYS, NEVER
        for relation in self.relations:
            span = relation.span(fact)
            if span is not None:
                enter, leave = max(enter, relation.enter(span)), min(leave, relation.leave(span))
        return enter, leave

    def leave(self, fact: Fact) -> Instant:
        """Return when a fact that is in leaves."""
        spans = ((relation, relation.span(fact)) for relation in self.relations)
        return min((r.leave(span) for r, span in spans if span is not None), default=NEVER)

    def change(self, live: list[Fact], coming: list[Fact], now: Instant, state: State) -> Instant:
        """Return the first instant after `now` at which the state differs from what it is now."""
        stays = [(fact, ALWAYS, self.leave(fact)) for fact in live]
        stays += [(fact, *self.stay(fact)) for fact in coming]
        steps = sorted({at for _, enter, leave in stays for at in (enter, leave) if now < at < NEVER})
        before = state(live)
        for at in steps[:_MOST_STEPS]:
            if state([fact for fact, enter, leave in stays if enter <= at < leave]) != before:
                return at
        return steps[_MOST_STEPS] if len(steps) > _MOST_STEPS else NEVER


def edges(relation: Relation) -> Callable[[Instant], tuple[Instant, Instant]]:
    """Remember the window of the last instant asked for: many patients are looked at as of one."""
    memo = (NEVER, ALWAYS, ALWAYS)

    def at(now: Instant) -> tuple[Instant, Instant]:
        nonlocal memo
        held = memo
        if held[0] != now:
            held = memo = (now, relation.lower.at(now), relation.upper.at(now))
        return held[1], held[2]

    return at


def _single(relation: Relation, undated: bool) -> Callable[[Iterable[Fact], Instant], Sorted]:
    span_of, window = relation.span, edges(relation)

    def split(facts: Iterable[Fact], now: Instant) -> Sorted:
        lower, upper = window(now)
        live: list[Fact] = []
        coming: list[Fact] = []
        for fact in facts:
            span = span_of(fact)
            if span is None:
                if undated:
                    live.append(fact)
            elif span[1] > lower:
                (live if span[0] < upper else coming).append(fact)
        return live, coming

    return split


def _several(timeline: Timeline) -> Callable[[Iterable[Fact], Instant], Sorted]:
    looks = tuple((relation.span, edges(relation)) for relation in timeline.relations)
    otherwise = _ANY_TIME if timeline.undated else None

    def split(facts: Iterable[Fact], now: Instant) -> Sorted:
        live: list[Fact] = []
        coming: list[Fact] = []
        windows = [(span_of, *window(now)) for span_of, window in looks]
        for fact in facts:
            spans = [(span_of(fact) or otherwise, lower, upper) for span_of, lower, upper in windows]
            if all(span is not None and span[1] > lower for span, lower, _ in spans):
                inside = all(span is not None and span[0] < upper for span, _, upper in spans)
                (live if inside else coming).append(fact)
        return live, coming

    return split
