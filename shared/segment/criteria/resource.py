"""The criteria that the record holds a resource, or none: `has` and `has_no`."""

from __future__ import annotations

from collections.abc import Callable

from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.choice import Choice, choice
from shared.segment.criterion import FAILS, HOLDS, Compiled, Context, Cost, Criterion, Outcome, Test
from shared.segment.explanation import Explanation, FactRef
from shared.segment.pattern import AnyPattern, ResourcePattern
from shared.segment.picking import recency
from shared.segment.quick import Plain, quick
from shared.segment.scene import Scene
from shared.segment.selection import accepter, both, finder, keeper, touches
from shared.segment.selector import compile_selector, lens_of
from shared.segment.sentences import Sentences
from shared.segment.timeline import Timeline
from shared.segment.types import PLANS
from shared.segment.when import begun

_QUOTED = 5
"""How many deciding facts an explanation names."""


class HasCriterion(Criterion):
    """The patient has such a resource."""

    has: AnyPattern

    def compile(self, context: Context) -> Compiled:
        """Compile to a search among the facts."""
        return _compile("has", self.has, context.inside(".has"), True)


class HasNoCriterion(Criterion):
    """The patient has no such resource: the opposite of `has` with the same pattern."""

    has_no: AnyPattern

    def compile(self, context: Context) -> Compiled:
        """Compile to a search among the facts."""
        return _compile("has_no", self.has_no, context.inside(".has_no"), False)


type Live = Callable[[PatientRecord, Instant], tuple[list[Fact], list[Fact]]]


def _compile(word: str, pattern: ResourcePattern, context: Context, wanted: bool) -> Compiled:
    return (_plain if pattern.plain else _composed)(word, pattern, context, wanted)


def _composed(word: str, pattern: ResourcePattern, context: Context, wanted: bool) -> Compiled:
    """Compile a pattern that leans on others: its next change may be told too early, never too late."""
    selector, says = compile_selector(pattern, context), Sentences(pattern, context.wall)

    def test(record: PatientRecord, now: Instant) -> Outcome:
        holds, until = selector.holds(Scene(record, now))
        return holds == wanted, until, False

    def explain(record: PatientRecord, now: Instant) -> Explanation:
        scene = Scene(record, now)
        found = selector.select(scene)
        holds = selector.enough(scene, found)[0]
        facts = sorted(found.facts or found.asked, key=recency, reverse=True)
        return Explanation(
            word, holds == wanted, says.why(facts, holds), tuple(map(FactRef.to, facts[:_QUOTED]))
        )

    return Compiled(test, explain, selector.touches, timed=True, lens=lens_of(pattern), cost=Cost.MATCHES)


def _plain(word: str, pattern: ResourcePattern, context: Context, wanted: bool) -> Compiled:
    """Compile a pattern that stands alone: the fast way, with the exact instant of its next change."""
    tokens = pattern.tokens(context)
    accept, keep = accepter(pattern, context), keeper(pattern, context)
    if accept is not None and pattern.which is None:
        keep = both([keep, accept])
    timeline = _timeline(pattern, context)
    find, split = finder(pattern, tokens), timeline.sorter()
    chosen = choice(pattern, accept, timeline)

    def live(record: PatientRecord, now: Instant) -> tuple[list[Fact], list[Fact]]:
        return split([fact for fact in find(record.facts) if keep(fact)], now)

    says = Sentences(pattern, context.wall)

    def explain(record: PatientRecord, now: Instant) -> Explanation:
        facts = chosen.show(live(record, now)[0])
        holds = chosen.state(facts)
        refs = tuple(map(FactRef.to, facts[:_QUOTED]))
        return Explanation(word, holds == wanted, says.why(facts, holds), refs)

    chooses = None if pattern.which is None else accept
    test = quick(Plain(find, keep, chooses, chosen, wanted), _tester(live, chosen, wanted))
    return Compiled(
        test, explain, touches(pattern, tokens), timeline.moves, lens_of(pattern), _cost(pattern, tokens)
    )


def _cost(pattern: ResourcePattern, tokens: frozenset[str]) -> Cost:
    if not tokens or pattern.texts:
        return Cost.TYPE
    return Cost.RESULTS if pattern.type == "Observation" else Cost.CODED


def _timeline(pattern: ResourcePattern, context: Context) -> Timeline:
    if pattern.when is not None:
        return Timeline(pattern.when.relations(context.wall), pattern.when.undated)
    return Timeline(() if pattern.type in PLANS else (begun(context.wall),), undated=True)


def _tester(live: Live, chosen: Choice, wanted: bool) -> Test:
    state, until = chosen.state, chosen.until
    yes, no = (HOLDS, FAILS) if wanted else (FAILS, HOLDS)

    def still(record: PatientRecord, now: Instant) -> Outcome:
        facts, coming = live(record, now)
        holds = state(facts)
        if not coming:
            return yes if holds else no
        return holds == wanted, until(facts, coming, now, holds), True

    def moving(record: PatientRecord, now: Instant) -> Outcome:
        facts, coming = live(record, now)
        if not (facts or coming):
            return no
        holds = state(facts)
        return holds == wanted, until(facts, coming, now, holds), True

    return moving if chosen.timeline.leaves else still
