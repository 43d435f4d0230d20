"""`when` as SQL: the window that a fact must meet; a condition where it stands, a join where it hangs."""

from __future__ import annotations

from datetime import UTC

from shared.segment.edge import Hung
from shared.segment.pattern import ResourcePattern
from shared.segment.recorded import KEPT, read
from shared.segment.sql.edges import placed, sources
from shared.segment.sql.query import Build, Env
from shared.segment.sql.text import EVERYBODY, all_of, among, any_of, equal, listed, literal, moment
from shared.segment.types import PLANS
from shared.segment.wall import ALWAYS, NEVER
from shared.segment.when import GOING_ON, HungRelation, When

_MEETS = {
    "starts": ("{c}start < {upper}", "{c}start >= {lower}"),
    "ends": ("{c}stop < {upper}", "{c}stop >= {lower}"),
    "at": ("coalesce({c}stop, {c}start) < {upper}", "coalesce({c}stop, {c}start) >= {lower}"),
    "overlaps": (
        "coalesce({c}start, {always}) < {upper}",
        "coalesce({c}stop, CASE WHEN {going} THEN {never} ELSE {always} END) >= {lower}",
        "coalesce({c}start, {c}stop) IS NOT NULL",
    ),
    "during": ("{c}stop < {upper}", "{c}start >= {lower}"),
    "before": ("{c}stop < {lower}", "{upper} IS NOT NULL"),
    "after": ("{c}start >= {upper}", "{lower} IS NOT NULL"),
    "recorded": ("{c}written < {upper}", "{c}written >= {lower}"),
}
"""How shared.segment.when.SPANS meet a window [lower, upper)."""


_MISSING = {
    "starts": "{c}start IS NULL",
    "ends": "{c}stop IS NULL",
    "at": "coalesce({c}stop, {c}start) IS NULL",
    "overlaps": "coalesce({c}start, {c}stop) IS NULL",
    "during": "({c}start IS NULL OR {c}stop IS NULL)",
    "before": "{c}stop IS NULL",
    "after": "{c}start IS NULL",
    "recorded": "{c}written IS NULL",
}
"""When a row lacks the date that a word asks about."""


def standing(pattern: ResourcePattern, build: Build) -> str:
    """Test the time of rows `f`, as far as it depends on `now` alone; may be NULL for no."""
    if pattern.when is None:
        if pattern.type is None or pattern.type in PLANS:
            return EVERYBODY
        return f"(f.start IS NULL OR f.start <= {build.now})"
    if pattern.when.hangs:
        return EVERYBODY
    relations = pattern.when.hung(build.context.wall)
    return all_of(_stands(relation, build, pattern.when.undated) for relation in relations)


def _stands(relation: HungRelation, build: Build, undated: bool) -> str:
    edges = (
        moment(edge.at(build.now)) if not isinstance(edge, Hung) else "NULL"
        for edge in (relation.lower, relation.upper)
    )
    return _meets(relation.kind, "f.", build, undated, *edges)


def _meets(kind: str, of: str, build: Build, undated: bool, lower: str, upper: str) -> str:
    edges = {"lower": lower, "upper": upper, "always": moment(ALWAYS), "never": moment(NEVER)}
    tests = all_of(test.format(c=of, going=going(of), **edges) for test in _MEETS[kind])
    if undated:
        missing = f"{_MISSING[kind].format(c=of)} AND {lower} IS NOT NULL AND {upper} IS NOT NULL"
        tests = f"(coalesce({tests}, false) OR ({missing}))"
    return tests if kind != "recorded" else tests.replace(f"{of}written", _written(of, build))


def _written(of: str, build: Build) -> str:
    """Say when the row `of` was written down, as Python reads each text of it."""
    zone = build.context.wall.zone or UTC
    question = (
        f"SELECT DISTINCT {_text('f.')} AS x FROM facts f WHERE f.nth = 0 AND {_text('f.')} IS NOT NULL"
    )
    name = build.answers(question, ("VARCHAR",), ("BIGINT",), lambda text: (read(text, zone),))
    return f"(SELECT {name}.y0 FROM {name} WHERE {name}.x0 = {_text(of)})"


def _text(of: str) -> str:
    kept = ", ".join(f"{of}attributes[{literal(name)}][1]" for name in KEPT)
    return f"coalesce({kept})"


def going(of: str) -> str:
    """Say goes_on of shared.segment.when of the row `of`."""
    kinds = (
        all_of([among(f"{of}type", [kind]), among(f"{of}status", statuses)])
        for kind, statuses in GOING_ON.items()
    )
    return any_of([f"NOT {among(f'{of}type', GOING_ON)}", *kinds])


def hanging(when: When, build: Build, env: Env, table: str) -> str:
    """Choose the rows of a table of candidates that lie in the windows, for any way to choose the matches."""
    places, joins = sources(when.named, build, env)
    tests = []
    every = list(joins)
    for relation in when.hung(build.context.wall):
        edges = [placed(edge, build, places, table, joins) for edge in (relation.lower, relation.upper)]
        every += [join for edge in edges for join in edge.joins]
        tests.append(_meets(relation.kind, "c.", build, when.undated, *(edge.expression for edge in edges)))
    key = (*env.key, "fact")
    rows = f"SELECT DISTINCT {listed(key, 'c.')} FROM {table} c {' '.join(every)} WHERE {all_of(tests)}"
    return f"SELECT c.* FROM {table} c SEMI JOIN ({rows}) k ON {equal(key, 'k', 'c')}"
