"""Age, birth date and birth month as conditions on the columns of `patients`; none is ever NULL."""

from __future__ import annotations

from typing import Any

from shared.fhir.instants import Instant
from shared.segment.birth import age_reached
from shared.segment.bound import parse_bound
from shared.segment.criteria.age import AgeCriterion
from shared.segment.criteria.birth import BirthDateCriterion, BirthMonthCriterion
from shared.segment.edge import Hung, edge
from shared.segment.sql.births import aged, born_before, born_from
from shared.segment.sql.edges import placed, sources
from shared.segment.sql.query import Build, Env
from shared.segment.sql.text import NOBODY, all_of
from shared.segment.wall import NEVER, Wall


def age(criterion: AgeCriterion, build: Build) -> str:
    """See AgeCriterion."""
    asked, wall = criterion.age, build.context.wall
    each = 12 if asked.unit == "years" else 1
    low, high = ((None if n is None else n * each) for n in (asked.at_least, asked.below))
    if asked.at is None:
        return aged(wall, low, high, build.now)
    bound = parse_bound(asked.at)
    point = edge(bound, "from", wall)
    if not isinstance(point, Hung):
        return aged(wall, low, high, point.at(build.now))
    return _aged_then(point, low, high, build)


def _aged_then(point: Hung, low: int | None, high: int | None, build: Build) -> str:
    """Ask at each instant that a match, or the birth date, gives."""
    places, joins = sources(point.bound.named, build, Env())
    known = build.table("SELECT patient, birth_date FROM patients WHERE born IS NOT NULL")
    then = placed(point, build, places, known, joins)
    every = " ".join([f"FROM {known} c", *joins, *then.joins])
    rows = build.table(f"SELECT c.patient, c.birth_date, {then.expression} AS point {every}")
    question = f"SELECT DISTINCT birth_date, point FROM {rows} WHERE point IS NOT NULL"
    wall = build.context.wall
    name = build.answers(
        question, ("VARCHAR", "BIGINT"), ("BOOLEAN",), lambda born, at: _is_so_old(wall, low, high, born, at)
    )
    same = f"{name}.x0 = r.birth_date AND {name}.x1 = r.point"
    return f"p.patient IN (SELECT r.patient FROM {rows} r JOIN {name} ON {same} WHERE {name}.y0)"


def _is_so_old(wall: Wall, low: int | None, high: int | None, born: str, at: int) -> tuple[Any, ...]:
    since = age_reached(wall, low or 0)(born)
    if since == NEVER or (low is not None and at < since):
        return (False,)
    return (high is None or at < age_reached(wall, high)(born),)


def birth_date(criterion: BirthDateCriterion, build: Build) -> str:
    """See BirthDateCriterion."""
    wall = build.context.wall
    lower, upper = criterion.birth_date.edges(wall)
    if isinstance(lower, Hung) or isinstance(upper, Hung):
        return NOBODY
    low, high = lower.at(build.now), upper.at(build.now)
    return all_of([born_from(wall, low), born_before(wall, high)])


def birth_month(criterion: BirthMonthCriterion, build: Build) -> str:
    """See BirthMonthCriterion."""
    months = criterion.birth_month
    wanted = (build.context.wall.show(Instant(build.now)).month,) if months == "current" else months
    return f"coalesce(p.birth_month IN ({', '.join(map(str, sorted(wanted)))}), false)"
