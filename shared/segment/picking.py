"""Carrying out `which`: from the facts found to those that decide, one choice after the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import reduce

from shared.fhir.fact import Fact, Value
from shared.fhir.instants import Instant
from shared.segment.criterion import Context
from shared.segment.picks import Pick, Picks
from shared.segment.values import converted
from shared.segment.wall import ALWAYS, NEVER, Wall

type Order = tuple[int, int, str, str]
type Choose = Callable[[list[Fact]], list[Fact]]


def recency(fact: Fact) -> Order:
    """Order by start, then update, id and type; what has no start comes first."""
    return (ALWAYS if fact.start is None else fact.start), fact.updated, fact.resource_id, fact.resource_type


def seniority(fact: Fact) -> Order:
    """Order by start, then the later update first, then id and type; what has no start comes last."""
    return (NEVER if fact.start is None else fact.start), -fact.updated, fact.resource_id, fact.resource_type


def last_end(fact: Fact) -> Order:
    """Order by end as recency does by start."""
    return (ALWAYS if fact.end is None else fact.end), fact.updated, fact.resource_id, fact.resource_type


def first_end(fact: Fact) -> Order:
    """Order by end as seniority does by start."""
    return (NEVER if fact.end is None else fact.end), -fact.updated, fact.resource_id, fact.resource_type


_ORDERS: dict[str, tuple[Callable[[Fact], Order], bool]] = {
    "latest": (recency, True),
    "earliest": (seniority, False),
    "latest_end": (last_end, True),
    "earliest_end": (first_end, False),
}


def chooser(picks: Picks, context: Context) -> Choose:
    """Compile the choices, first to last."""
    steps = [_step(pick, context) for pick in picks.steps]
    return steps[0] if len(steps) == 1 else lambda facts: reduce(lambda left, step: step(left), steps, facts)


def _step(pick: Pick, context: Context) -> Choose:
    if pick.word in _ORDERS:
        order, backwards = _ORDERS[pick.word]
        return lambda facts: sorted(facts, key=order, reverse=backwards)[: pick.count]
    if pick.word in ("latest_day", "earliest_day"):
        return _days(context.wall, pick.count, backwards=pick.word == "latest_day")
    return _extreme(pick)


def day_of(wall: Wall, instant: Instant | None) -> date | None:
    """Return the local day of an instant; None where there is none in the calendar."""
    try:
        return None if instant is None else wall.show(instant).date()
    except (OverflowError, ValueError):
        return None


def _days(wall: Wall, count: int, backwards: bool) -> Choose:
    def choose(facts: list[Fact]) -> list[Fact]:
        placed = [(day_of(wall, fact.start if fact.end is None else fact.end), fact) for fact in facts]
        days = sorted({day for day, _ in placed if day is not None}, reverse=backwards)[:count]
        return [fact for day, fact in placed if day in days]

    return choose


def _extreme(pick: Pick) -> Choose:
    number = _numbered(pick.highest or pick.lowest or "", "" if pick.unit == "1" else pick.unit or "")
    best = max if pick.highest else min

    def choose(facts: list[Fact]) -> list[Fact]:
        rated = [(found, fact) for fact in facts if (found := number(fact)) is not None]
        if not rated:
            return []
        extreme = best(found for found, _ in rated)
        return [max((fact for found, fact in rated if found == extreme), key=recency)]

    return choose


def _numbered(of: str, unit: str) -> Callable[[Fact], float | None]:
    """Return what reads a fact's number, or that of a component; None where it has none in the unit."""

    def number(fact: Fact) -> float | None:
        if of == "value":
            return _number(fact.value, unit)
        parts = (part.value for part in fact.components if of in part.codes)
        return next((found for value in parts if (found := _number(value, unit)) is not None), None)

    return number


def _number(value: Value | None, unit: str) -> float | None:
    if value is None or value.number is None:
        return None
    return value.number if value.unit == unit else converted(value.number, value.unit, unit)
