"""`which` as SQL: one choice after the other, by the ranks that the columns carry."""

from __future__ import annotations

from typing import Any

from shared.segment.picks import Pick
from shared.segment.sql.days import with_days
from shared.segment.sql.query import Build, Env
from shared.segment.sql.text import equal, holds_any, listed, literal
from shared.segment.units import converter

_RANKS = {
    "latest": "recent DESC",
    "earliest": "senior",
    "latest_end": "recent_end DESC",
    "earliest_end": "senior_end",
}


def picked(pick: Pick, rows: str, build: Build, env: Env) -> str:
    """Choose among rows, separately for each row of the surroundings."""
    if pick.word in _RANKS:
        return _first(rows, env, _RANKS[pick.word], pick.count)
    if pick.word in ("latest_day", "earliest_day"):
        return _days(pick, rows, build, env)
    return _extreme(pick, rows, build, env)


def _first(rows: str, env: Env, order: str, count: int) -> str:
    place = f"row_number() OVER (PARTITION BY {listed(env.key)} ORDER BY {order})"
    return f"SELECT * FROM ({rows}) QUALIFY {place} <= {count}"


def _days(pick: Pick, rows: str, build: Build, env: Env) -> str:
    dated = with_days(rows, "coalesce(stop, start)", build)
    order = "day DESC" if pick.word == "latest_day" else "day"
    place = f"dense_rank() OVER (PARTITION BY {listed(env.key)} ORDER BY {order})"
    chosen = f"SELECT * FROM ({dated}) WHERE day IS NOT NULL QUALIFY {place} <= {pick.count}"
    return f"SELECT * EXCLUDE (day) FROM ({chosen})"


def _extreme(pick: Pick, rows: str, build: Build, env: Env) -> str:
    unit, of = ("" if pick.unit == "1" else pick.unit or ""), pick.highest or pick.lowest or ""
    table, key = build.table(rows), (*env.key, "fact")
    rated = _converted(_values(table, key) if of == "value" else _parts(table, key, of), unit, build)
    best = f"SELECT {listed(key)}, arg_min(number, nth) AS rate FROM ({rated}) GROUP BY {listed(key)}"
    joined = f"SELECT c.*, k.rate FROM {table} c JOIN ({best}) k ON {equal(key, 'k', 'c')}"
    order = f"rate {'DESC' if pick.highest else 'ASC'}, recent DESC"
    return f"SELECT * EXCLUDE (rate) FROM ({_first(joined, env, order, 1)})"


def _values(table: str, key: tuple[str, ...]) -> str:
    return f"SELECT {listed(key)}, 1 AS nth, number, unit FROM {table}"


def _parts(table: str, key: tuple[str, ...], code: str) -> str:
    """Return the numbers of the components with a code, numbered in their order."""
    each = f"SELECT {listed(key)}, unnest(components) AS part, generate_subscripts(components, 1) AS nth"
    number = f"SELECT {listed(key)}, nth, part.number AS number, part.unit AS unit"
    has = holds_any("part.codes", [code])
    return f"{number} FROM ({each} FROM {table}) WHERE {has}"


def _converted(values: str, unit: str, build: Build) -> str:
    """Return the rows with their numbers in the unit; those that have none in it are left out."""
    table = build.table(values)

    def convert(number: float, found: str) -> tuple[Any, ...]:
        conversion = converter(found, unit)
        return (None if conversion is None else conversion(number),)

    other = f"number IS NOT NULL AND unit <> {literal(unit)}"
    question = f"SELECT DISTINCT number, unit FROM {table} WHERE {other}"
    name = build.answers(question, ("DOUBLE", "VARCHAR"), ("DOUBLE",), convert)
    number = f"CASE WHEN c.unit = {literal(unit)} THEN c.number ELSE a.y0 END"
    joined = f"FROM {table} c LEFT JOIN {name} a ON a.x0 = c.number AND a.x1 = c.unit"
    return f"SELECT * FROM (SELECT c.* REPLACE ({number} AS number) {joined}) WHERE number IS NOT NULL"
