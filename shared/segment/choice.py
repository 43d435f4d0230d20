"""Which of the facts that a plain pattern finds decide: so many of them, or the latest or earliest alone.

Ties are as in shared.segment.picks.
"""

from __future__ import annotations

from heapq import nlargest

from msgspec import Struct

from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.segment.pattern import ResourcePattern
from shared.segment.picking import recency, seniority
from shared.segment.selection import Keep
from shared.segment.timeline import State, Timeline
from shared.segment.wall import ALWAYS, NEVER


class Choice(Struct, frozen=True):
    """What the facts that are in say together, and how long they will."""

    state: State
    timeline: Timeline
    count: int
    """So many are needed; 0 where one is chosen."""
    latest: bool

    def show(self, live: list[Fact]) -> list[Fact]:
        """Return the facts to name in an explanation, the deciding ones first."""
        if not live:
            return []
        if self.count:
            return sorted(live, key=recency, reverse=True)
        return [max(live, key=recency) if self.latest else min(live, key=seniority)]

    def until(self, live: list[Fact], coming: list[Fact], now: Instant, holds: bool) -> Instant:
        """Return when that changes next with no new data; exact."""
        if coming:
            return self._sweep(live, coming, now, holds)
        if not self.timeline.leaves or (self.count and not holds):
            return NEVER
        if self.count:
            return self._outlasting(live)
        return self._chosen_alone(live, now, holds)

    def _outlasting(self, live: list[Fact]) -> Instant:
        """Return when only count - 1 will be left."""
        relations = self.timeline.relations
        if self.count == 1 and len(relations) == 1:
            span = relations[0].span
            last = max(live, key=lambda fact: (span(fact) or (ALWAYS, NEVER))[1])
            return relations[0].leave(span(last) or (ALWAYS, NEVER))
        return nlargest(self.count, map(self.timeline.leave, live))[-1]

    def _chosen_alone(self, live: list[Fact], now: Instant, holds: bool) -> Instant:
        """Return when the chosen one changes; the latest leaves a window over starts last of all."""
        relations = self.timeline.relations
        alone = len(relations) == 1 and relations[0].kind == "starts" and not self.timeline.undated
        if self.latest and alone:
            return self.timeline.leave(max(live, key=recency)) if holds else NEVER
        return self._sweep(live, [], now, holds)

    def _sweep(self, live: list[Fact], coming: list[Fact], now: Instant, holds: bool) -> Instant:
        if holds and self.count and not self.timeline.leaves:
            return NEVER
        return self.timeline.change(live, coming, now, self.state)


def choice(pattern: ResourcePattern, accept: Keep | None, timeline: Timeline) -> Choice:
    """Compile `which` and `at_least`."""
    count = pattern.at_least or 1
    if pattern.which is None:
        return Choice(_counted(count), timeline, count, False)
    latest = pattern.which.first == "latest"
    return Choice(_latest(accept) if latest else _earliest(accept), timeline, 0, latest)


def _counted(count: int) -> State:
    return bool if count == 1 else lambda live: len(live) >= count


def _latest(accept: Keep | None) -> State:
    if accept is None:
        return bool

    def state(live: list[Fact]) -> bool:
        if len(live) > 1:
            return accept(max(live, key=recency))
        return bool(live) and accept(live[0])

    return state


def _earliest(accept: Keep | None) -> State:
    if accept is None:
        return bool
    return lambda live: bool(live) and accept(min(live, key=seniority))
