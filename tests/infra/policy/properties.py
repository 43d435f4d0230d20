"""No property is misspelt: each that is deployed is in a list that was compared with Azure's own types.

`known-properties.yaml` is written by tests/infra/azure_types.py, which compares: run it for a new property.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import yaml

from tests.infra.policy.cases import Case

KNOWN = Path(__file__).with_name("known-properties.yaml")


@cache
def known() -> Mapping[str, frozenset[str]]:
    """Return the known paths by "TYPE@VERSION"; "a[].b" is in a list, "a.*" says that any key may follow."""
    return {kind: frozenset(paths) for kind, paths in yaml.safe_load(KNOWN.read_text()).items()}


def property_problems(case: Case) -> Iterator[str]:
    """Give properties that were never compared with what Azure knows."""
    for made in case.deployment.resources:
        if made.existing:
            continue
        kind = f"{made.type}@{made.version}"
        allowed = known().get(kind, frozenset())
        for path in sorted(set(paths(made.body))):
            if not matches(path, allowed):
                yield f"{kind}: {path} was not compared with Azure's types (tests/infra/azure_types.py)"


def paths(value: object, at: str = "") -> Iterator[str]:
    """Give the path of everything in a body that is neither an object nor a list."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from paths(inner, f"{at}.{key}" if at else key)
    elif isinstance(value, list) and value:
        for inner in value:
            yield from paths(inner, f"{at}[]")
    else:
        yield at


def matches(path: str, allowed: frozenset[str]) -> bool:
    """Say whether a path is known, or below one where any key may follow."""
    return path in allowed or any(path.startswith(each[:-1]) for each in allowed if each.endswith(".*"))
