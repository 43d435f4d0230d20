"""Whether the facts found are enough: so many resources, days of starts, days covered, time in all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Protocol

from shared.fhir.calendar import parse_duration
from shared.fhir.fact import Fact
from shared.fhir.instants import DAY, Instant
from shared.segment.bound import Bound
from shared.segment.criterion import Context
from shared.segment.edge import Bindings, Edge, Fixed, edge, resolved
from shared.segment.pattern import ResourcePattern
from shared.segment.picking import day_of
from shared.segment.scene import Found, Scene, hanging
from shared.segment.wall import ALWAYS, NEVER, Wall
from shared.segment.when import goes_on
from shared.segment.window import Window

type Enough = Callable[[Scene, Found], tuple[bool, Instant]]
type Stretch = tuple[Instant, Instant]
"""[first, end)."""


def enough(pattern: ResourcePattern, context: Context) -> Enough:
    """Compile the counts; each that is given must hold."""
    tests: list[Enough] = [_counted(pattern.at_least or 1)]
    if pattern.on_days:
        tests.append(_on_days(pattern.on_days, context.wall))
    if covered := pattern.covered_days:
        inside = context.inside(".covered_days")
        tests.append(_amount(_Days(context.wall), covered.at_least, covered.within, inside))
    if total := pattern.total_time:
        length = parse_duration(total.at_least)
        if length.months:
            context.inside(".total_time.at_least").fault("is no exact length", "days, hours and minutes")
        micros = length.days * DAY + length.micros
        tests.append(_amount(_Time(), micros, total.within, context.inside(".total_time")))
    return tests[0] if len(tests) == 1 else _all(tests)


def _all(tests: list[Enough]) -> Enough:
    def test(scene: Scene, found: Found) -> tuple[bool, Instant]:
        answers = [one(scene, found) for one in tests]
        return all(holds for holds, _ in answers), min(until for _, until in answers)

    return test


def _counted(count: int) -> Enough:
    return lambda scene, found: (len(found.facts) >= count, NEVER)


def _on_days(count: int, wall: Wall) -> Enough:
    def test(scene: Scene, found: Found) -> tuple[bool, Instant]:
        days = {day for fact in found.facts if (day := day_of(wall, fact.start)) is not None}
        return len(days) >= count, NEVER

    return test


class Measure(Protocol):
    """A way to add up stretches, and how long a sum must stay on its side of what is wanted."""

    def sum(self, stretches: list[Stretch]) -> int:
        """Add up stretches that do not overlap, in order."""

    def grows(self, facts: list[Fact], high: Instant, lacking: int) -> Instant:
        """Return where the upper edge must be at least before so much more can have come in."""

    def shrinks(self, facts: list[Fact], low: Instant, spare: int) -> Instant:
        """Return where the lower edge must be at least before more than so much can have gone out."""


class _Time:
    def sum(self, stretches: list[Stretch]) -> int:
        return sum(end - first for first, end in stretches)

    def grows(self, facts: list[Fact], high: Instant, lacking: int) -> Instant:
        begins = _growing(facts, high)
        return NEVER if begins == NEVER else Instant(begins + lacking)

    def shrinks(self, facts: list[Fact], low: Instant, spare: int) -> Instant:
        return Instant(_shrinking(facts, low) + spare + 1)


class _Days:
    def __init__(self, wall: Wall) -> None:
        self._wall = wall

    def sum(self, stretches: list[Stretch]) -> int:
        total, last = 0, 0
        for first, end in stretches:
            begin, finish = day_of(self._wall, first), day_of(self._wall, Instant(end - 1))
            if begin is not None:
                final = (finish or date.max).toordinal()  # what goes on and on does so to the calendar's end
                total += final - max(begin.toordinal() - 1, last)
                last = final
        return total

    def grows(self, facts: list[Fact], high: Instant, lacking: int) -> Instant:
        begins = _growing(facts, high)
        if begins == NEVER:
            return NEVER
        if lacking > 1:
            return self._wall.midnight(begins, lacking - 1)
        today = self._wall.midnight(high)  # an edge at midnight has not taken in that day yet
        following = high if today == high else self._wall.midnight(high, 1)
        return Instant((begins if begins > high else following) + 1)

    def shrinks(self, facts: list[Fact], low: Instant, spare: int) -> Instant:
        begins = _shrinking(facts, low)
        if spare > 0:
            return self._wall.midnight(begins, spare)
        ends = (Instant(fact.end + 1) for fact in facts if fact.end is not None and fact.end >= low)
        return min([self._wall.midnight(begins, 1), *ends])


def _growing(facts: list[Fact], high: Instant) -> Instant:
    """Return from where on the upper edge can take in more: the first that goes on beyond it."""
    going_on = (f.start for f in facts if f.start is not None and (f.end is None or f.end >= high))
    return min((max(high, start) for start in going_on), default=NEVER)


def _shrinking(facts: list[Fact], low: Instant) -> Instant:
    """Return from where on the lower edge can leave some out: where the first begins."""
    return max(low, min((fact.start for fact in facts if fact.start is not None), default=low))


def _amount(measure: Measure, wanted: int, within: Window | None, context: Context) -> Enough:
    wall = context.wall
    lower, upper = within.edges(wall) if within else (Fixed(ALWAYS), edge(Bound("now"), "until", wall))

    def resolve(bound_to: Bindings, birth: Instant) -> tuple[Edge, Edge] | None:
        low, high = resolved(lower, bound_to, birth), resolved(upper, bound_to, birth)
        return None if low is None or high is None else (low, high)

    ways = hanging(within.named if within else frozenset(), context, resolve)

    def test(scene: Scene, found: Found) -> tuple[bool, Instant]:
        windows, until = ways(scene)
        holds = False
        for low, high in windows if found.facts else ():
            enough, next_look = _added(found.facts, low, high, scene.now)
            holds, until = holds or enough, min(until, next_look)
        return holds, until

    def _added(facts: list[Fact], low: Edge, high: Edge, now: Instant) -> tuple[bool, Instant]:
        begin, finish = low.at(now), high.at(now)
        spare = measure.sum(_merged(_clipped(facts, begin, finish))) - wanted
        if spare < 0:
            return False, _reached(high, measure.grows(facts, finish, -spare))
        return True, _reached(low, measure.shrinks(facts, begin, spare))

    return test


def _reached(edge: Edge, target: Instant) -> Instant:
    return edge.reaches(target) if edge.moves and target != NEVER else NEVER


def _clipped(facts: Iterable[Fact], low: Instant, high: Instant) -> Iterable[Stretch]:
    for fact in facts:
        if fact.start is not None and (fact.end is not None or goes_on(fact)):
            end = high if fact.end is None else min(high, fact.end + 1)
            if end > max(fact.start, low):
                yield max(fact.start, low), Instant(end)


def _merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Join what overlaps, in order."""
    joined: list[Stretch] = []
    for first, end in sorted(stretches):
        if joined and first <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((first, end))
    return joined
