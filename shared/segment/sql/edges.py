"""Edges of windows as SQL: a constant where they depend on `now` alone, else what Python says of each row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.segment.birth import age_reached
from shared.segment.edge import AnyEdge, Fixed, Hung
from shared.segment.sql.query import Build, Env
from shared.segment.sql.text import moment
from shared.segment.wall import NEVER


@dataclass(frozen=True, slots=True)
class Placed:
    """An edge in a statement: its expression, and the tables to join before it can be said."""

    expression: str
    joins: tuple[str, ...] = ()


def sources(named: Iterable[str], build: Build, env: Env) -> tuple[dict[str, str], list[str]]:
    """Return where the columns of each named resource are, and the joins to `c` that bring those of matches.

    One row for each way to choose them.
    """
    places: dict[str, str] = {}
    joins = []
    for number, name in enumerate(sorted(named)):
        if name in env.names:
            places[name] = f"c.e{env.names[name]}_"
        elif name in build.matches:
            places[name] = f"m{number}."
            joins.append(f"JOIN {build.matches[name]} m{number} ON m{number}.patient = c.patient")
    return places, joins


def placed(edge: AnyEdge, build: Build, places: Mapping[str, str], table: str, joins: list[str]) -> Placed:
    """Say an edge beside the rows `c` of a table to which `joins` are joined; NULL for no window at all."""
    if not isinstance(edge, Hung):
        return Placed(moment(edge.at(build.now)))
    if edge.bound.anchor == "birth":
        return _of_birth(edge, build, table)
    found = _point(edge, places[edge.bound.anchor])
    if not edge.bound.day and not any(by.months or by.days for by in edge.bound.by):
        distance = int(edge.past) + sum(by.micros for by in edge.bound.by)
        return Placed(_otherwise(f"{found} + {distance}", edge))
    rows = " ".join([f"FROM {table} c", *joins])
    question = f"SELECT DISTINCT x FROM (SELECT {found} AS x {rows}) WHERE x IS NOT NULL"
    name = build.answers(question, ("BIGINT",), ("BIGINT",), lambda point: (_resolved(edge, point),))
    return Placed(_otherwise(f"{name}.y0", edge), (f"LEFT JOIN {name} ON {name}.x0 = {found}",))


def _otherwise(expression: str, edge: Hung) -> str:
    return expression if edge.otherwise is None else f"coalesce({expression}, {moment(edge.otherwise)})"


def _point(edge: Hung, of: str) -> str:
    if edge.bound.point == "start":
        return f"{of}start"
    return f"{of}stop" if edge.bound.point == "end" else f"coalesce({of}stop, {of}start)"


def _resolved(edge: Hung, point: int) -> int | None:
    """Ask the edge itself, about a resource that is all at this point, or a birth then."""
    standing = Fact("", "", start=Instant(point), end=Instant(point))
    found = edge.resolve(lambda _: standing, Instant(point))
    return found.where if isinstance(found, Fixed) else None


def _of_birth(edge: Hung, build: Build, table: str) -> Placed:
    begun = age_reached(edge.wall, 0)

    def answer(birth_date: str) -> tuple[Any, ...]:
        point = begun(birth_date)
        return (None if point == NEVER else _resolved(edge, point),)

    question = f"SELECT DISTINCT birth_date FROM patients WHERE patient IN (SELECT patient FROM {table})"
    name = build.answers(question, ("VARCHAR",), ("BIGINT",), answer)
    joins = (
        f"JOIN patients p_{name} ON p_{name}.patient = c.patient",
        (f"LEFT JOIN {name} ON {name}.x0 = p_{name}.birth_date"),
    )
    return Placed(_otherwise(f"{name}.y0", edge), joins)
