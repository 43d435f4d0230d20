"""How many, on how many days, how long together, as SQL: which rows of the surroundings have enough."""

from __future__ import annotations

from shared.fhir.calendar import parse_duration
from shared.fhir.instants import DAY
from shared.segment.bound import Bound
from shared.segment.edge import AnyEdge, Fixed, edge
from shared.segment.pattern import ResourcePattern
from shared.segment.sql.days import with_days
from shared.segment.sql.edges import placed, sources
from shared.segment.sql.query import Build, Env
from shared.segment.sql.text import listed
from shared.segment.sql.windows import going
from shared.segment.wall import ALWAYS
from shared.segment.window import Window


def enough(pattern: ResourcePattern, table: str, build: Build, env: Env) -> str:
    """Return the keys of the surroundings for which the facts in a table are enough, each once."""
    parts = [_counted(table, env, pattern.at_least or 1)]
    if pattern.on_days:
        parts.append(_on_days(table, build, env, pattern.on_days))
    if covered := pattern.covered_days:
        parts.append(_covered(table, build, env, covered.at_least, covered.within))
    if total := pattern.total_time:
        length = parse_duration(total.at_least)
        parts.append(_lasting(table, build, env, length.days * DAY + length.micros, total.within))
    return " INTERSECT ".join(parts)


def _counted(table: str, env: Env, count: int) -> str:
    key = listed(env.key)
    if count == 1:
        return f"SELECT DISTINCT {key} FROM {table}"
    return f"SELECT {key} FROM {table} GROUP BY {key} HAVING count(*) >= {count}"


def _on_days(table: str, build: Build, env: Env, count: int) -> str:
    rows = with_days(f"SELECT {listed(env.key)}, start FROM {table}", "start", build)
    key = listed(env.key)
    return f"SELECT {key} FROM ({rows}) GROUP BY {key} HAVING count(DISTINCT day) >= {count}"


_FOR_EVER = 10_000_000
"""Days that what has no end, in a window without one, goes on: more than anybody can ask for."""


def _covered(table: str, build: Build, env: Env, days: int, within: Window | None) -> str:
    """Add up days, each counted once: those of a stretch go from that of its first to that of its last."""
    stretches, key = _stretches(table, build, env, within)
    both = with_days(with_days(stretches, "first", build, "begun"), "beyond - 1", build, "done")
    done = f"coalesce(done, begun + {_FOR_EVER}) + 1"
    spans = f"SELECT {listed(key)}, begun AS a, {done} AS b FROM ({both})"
    return _summed(f"{spans} WHERE begun IS NOT NULL", key, env, days)


def _lasting(table: str, build: Build, env: Env, micros: int, within: Window | None) -> str:
    stretches, key = _stretches(table, build, env, within)
    return _summed(f"SELECT {listed(key)}, first AS a, beyond AS b FROM ({stretches})", key, env, micros)


def _stretches(table: str, build: Build, env: Env, within: Window | None) -> tuple[str, tuple[str, ...]]:
    """Return [first, beyond) of each fact, cut to the window, and what tells the ways to choose apart."""
    wall = build.context.wall
    lower: AnyEdge
    upper: AnyEdge
    lower, upper = within.edges(wall) if within else (Fixed(ALWAYS), edge(Bound("now"), "until", wall))
    places, joins = sources(within.named if within else (), build, env)
    low, high = (placed(each, build, places, table, joins) for each in (lower, upper))
    every = " ".join([*joins, *low.joins, *high.joins])
    ways = [f"{place}fact AS way{number}" for number, place in enumerate(places.values())]
    first = f"greatest(c.start, {low.expression})"
    beyond = f"least(coalesce(c.stop + 1, {high.expression}), {high.expression})"
    there = f"c.start IS NOT NULL AND (c.stop IS NOT NULL OR {going('c.')})"
    there += f" AND {low.expression} IS NOT NULL AND {high.expression} IS NOT NULL"
    columns = ", ".join([listed(env.key, "c."), *ways, f"{first} AS first", f"{beyond} AS beyond"])
    rows = f"SELECT {columns} FROM {table} c {every} WHERE {there}"
    key = (*env.key, *(f"way{number}" for number in range(len(ways))))
    return f"SELECT * FROM ({rows}) WHERE beyond > first", key


def _summed(spans: str, key: tuple[str, ...], env: Env, wanted: int) -> str:
    """Add up spans [a, b), what several cover counted once."""
    told = listed(key)
    earlier = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    before = f"max(b) OVER (PARTITION BY {told} ORDER BY a, b {earlier})"
    each = f"SELECT {told}, a, b::HUGEINT AS b, coalesce({before}, a) AS done FROM ({spans})"
    total = "sum(greatest(0, b - greatest(a, done)))"
    ways = f"SELECT {told} FROM ({each}) GROUP BY {told} HAVING {total} >= {wanted}"
    return f"SELECT DISTINCT {listed(env.key)} FROM ({ways})"
