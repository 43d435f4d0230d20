"""Which facts lie in the windows of a pattern now, and when that changes: the general case.

Windows that hang on matches are looked at for every way to choose those; a fact is in when it is in for one.
"""

from __future__ import annotations

from collections.abc import Callable

from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.segment.criterion import Context
from shared.segment.edge import Bindings
from shared.segment.pattern import ResourcePattern
from shared.segment.scene import Found, Scene, hanging
from shared.segment.types import PLANS
from shared.segment.wall import ALWAYS, NEVER
from shared.segment.when import Relation, When, begun

type Place = Callable[[Scene, list[Fact]], Found]


def placer(pattern: ResourcePattern, context: Context) -> Place | None:
    """Compile `when`, or the rule that what is no plan must have begun; None where any time will do."""
    if pattern.when is not None:
        return _hung(pattern.when, context.inside(".when"))
    if pattern.type is None or pattern.type in PLANS:
        return None
    relations = (begun(context.wall),)
    return lambda scene, facts: _gathered([(fact, _stay(fact, relations, True)) for fact in facts], scene.now)


type Stay = tuple[Instant, Instant]
"""[enter, leave) of `now`: when a fact is in."""


def _hung(when: When, context: Context) -> Place:
    hung = when.hung(context.wall)

    def resolve(bound_to: Bindings, birth: Instant) -> tuple[Relation, ...] | None:
        found = [relation.resolve(bound_to, birth) for relation in hung]
        relations = tuple(relation for relation in found if relation is not None)
        return relations if len(relations) == len(found) else None

    ways = hanging(when.named, context, resolve)

    def place(scene: Scene, facts: list[Fact]) -> Found:
        found, until = ways(scene)
        stays = [(fact, _stay(fact, relations, when.undated)) for relations in found for fact in facts]
        placed = _gathered(stays, scene.now)
        return Found(placed.facts, min(until, placed.until))

    return place


def _stay(fact: Fact, relations: tuple[Relation, ...], undated: bool) -> Stay:
    enter, leave = ALWAYS, NEVER
    for relation in relations:
        span = relation.span(fact)
        if span is None:
            if undated:
                continue
            return NEVER, NEVER
        enter, leave = max(enter, relation.enter(span)), min(leave, relation.leave(span))
    return enter, leave


def _gathered(stays: list[tuple[Fact, Stay]], now: Instant) -> Found:
    """Return the facts that are in now, each once, and the next instant at which one enters or leaves."""
    facts: dict[str, Fact] = {}
    until = NEVER
    for fact, (enter, leave) in stays:
        if enter <= now < leave:
            facts[fact.reference] = fact
            until = min(until, leave)
        elif now < enter < leave:
            until = min(until, enter)
    return Found(list(facts.values()), until)
