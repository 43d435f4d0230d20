"""Patterns as SQL: the facts that one finds, seen from everybody or from the resources it lies inside of.

The order is that of shared.segment.selector: source, value, time, related resources, choice.
"""

from __future__ import annotations

from dataclasses import replace

from shared.segment.element import element_name
from shared.segment.pattern import ResourcePattern
from shared.segment.scene import THIS
from shared.segment.sql.amounts import enough
from shared.segment.sql.facts import accepted, chosen, kept, recorded
from shared.segment.sql.picks import picked
from shared.segment.sql.query import Build, Env
from shared.segment.sql.text import EVERYBODY, all_of, equal, listed, literal
from shared.segment.sql.windows import hanging, standing

_EVERYBODY = Env()


def holding(pattern: ResourcePattern, build: Build, env: Env = _EVERYBODY) -> str:
    """Return the keys of the surroundings from which a pattern finds enough, each once."""
    if env.depth == 0 and _alone(pattern):
        rows = _source(pattern, build, env, once=False)
        return f"SELECT patient FROM ({rows})"
    return enough(pattern, build.table(selected(pattern, build, env)), build, env)


def _alone(pattern: ResourcePattern) -> bool:
    """Say whether one row is enough, whichever it is."""
    related = (pattern.from_, pattern.any_of, pattern.which, pattern.with_, pattern.without)
    return pattern.plain and not any(related) and (pattern.at_least or 1) == 1


def selected(pattern: ResourcePattern, build: Build, env: Env = _EVERYBODY) -> str:
    """Return the facts that a pattern finds: a SELECT of the surroundings' columns and the facts' own."""
    rows = _source(pattern, build, env, once=True)
    if pattern.when is not None and pattern.when.hangs:
        rows = hanging(pattern.when, build.inside(".when"), env, build.table(rows))
    for path, inner in pattern.inner():
        if not path.startswith(".any_of"):
            rows = _related(inner, build.inside(path), env, rows, pattern.as_, path.startswith(".with["))
    if pattern.which is not None:
        for pick in pattern.which.steps:
            rows = picked(pick, rows, build.inside(".which"), env)
        accept = accepted(pattern, build)
        rows = rows if accept == EVERYBODY else f"SELECT * FROM ({rows}) f WHERE {accept}"
    return rows


def _source(pattern: ResourcePattern, build: Build, env: Env, *, once: bool) -> str:
    """Return what lies at hand, without those that status, codes, value or a standing window keep out."""
    accept = accepted(pattern, build) if pattern.which is None else EVERYBODY
    tests = [kept(pattern, build.context), standing(pattern, build), accept]
    around = f", {listed(_around(build, env), 'e.')}" if env.depth else ""
    columns = f"SELECT f.patient, {listed(build.columns, 'f.')}{around}"
    if pattern.type is not None:
        every = f"{columns} FROM facts f" + (
            f" JOIN {env.table} e ON e.patient = f.patient" if env.depth else ""
        )
        tests = [recorded(pattern, build.context, once), *_linked(pattern, env), *tests]
    else:
        base = _united(pattern, build, env) if pattern.from_ is None else _named(pattern.from_, build, env)
        every = f"SELECT f.* FROM ({base}) f"
        tests = [chosen(pattern, build.context), *tests]
    return f"{every} WHERE {all_of(tests)}"


def _around(build: Build, env: Env) -> list[str]:
    return [f"e{depth}_{column}" for depth in range(env.depth) for column in build.columns]


def _linked(pattern: ResourcePattern, env: Env) -> list[str]:
    this = f"e.e{env.depth - 1}_"
    if pattern.link is not None:
        element = literal(element_name(pattern.link))
        return [f"list_contains({this}attributes[{element}], f.type || '/' || f.id)"]
    if pattern.linked_by is not None:
        element = literal(element_name(pattern.linked_by))
        return [f"list_contains(f.attributes[{element}], {this}type || '/' || {this}id)"]
    return []


def _named(name: str, build: Build, env: Env) -> str:
    """Return the resource of a name in the surroundings, or those of a named match."""
    around = _around(build, env)
    if name in env.names:
        own = ", ".join(f"e{env.names[name]}_{column} AS {column}" for column in build.columns)
        return f"SELECT patient, {own}, {listed(around)} FROM {env.table}"
    own, match = f"m.patient, {listed(build.columns, 'm.')}", build.matches[name]
    if not env.depth:
        return f"SELECT {own} FROM {match} m"
    return f"SELECT {own}, {listed(around, 'e.')} FROM {match} m JOIN {env.table} e ON e.patient = m.patient"


def _united(pattern: ResourcePattern, build: Build, env: Env) -> str:
    parts = [
        f"SELECT * FROM ({selected(inner, build.inside(path), env)})"
        for path, inner in pattern.inner()
        if path.startswith(".any_of")
    ]
    joined = " UNION ALL BY NAME ".join(parts)
    return (
        parts[0]
        if len(parts) == 1
        else f"SELECT DISTINCT ON ({listed((*env.key, 'fact'))}) * FROM ({joined})"
    )


def _related(
    inner: ResourcePattern, build: Build, env: Env, rows: str, name: str | None, wanted: bool
) -> str:
    """Keep the rows from which the inner pattern finds enough, or not."""
    table = build.table(rows)
    own = ", ".join(f"{column} AS e{env.depth}_{column}" for column in build.columns)
    around = f", {listed(_around(build, env))}" if env.depth else ""
    stage = build.table(f"SELECT patient, {own}{around} FROM {table}")
    named = {THIS: env.depth} if name is None else {THIS: env.depth, name: env.depth}
    stepped = Env(stage, env.depth + 1, {**env.names, **named})
    keys = holding(inner, build, stepped)
    match = [equal(env.key, "k", "c"), f"k.e{env.depth}_fact = c.fact"]
    return (
        f"SELECT c.* FROM {table} c {'SEMI' if wanted else 'ANTI'} JOIN ({keys}) k ON {' AND '.join(match)}"
    )


def with_match(build: Build, name: str, pattern: ResourcePattern) -> Build:
    """Make the table of a named match."""
    table = build.table(selected(pattern, build.inside(f"matches.{name}")))
    return replace(build, matches={**build.matches, name: table})
