"""Compares what Bicep deploys with the types that its own compiler checks by; run by hand, not by tests.

From a clone of https://github.com/Azure/bicep-types-az:
`.venv/bin/python -m tests.infra.azure_types CLONE` prints what Azure does not know, lacks or refuses. Where
that is nothing, it writes the list that tests hold the files to (tests/infra/policy/properties.py).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.infra.bicep.project import read_project
from tests.infra.bicep.values import Later
from tests.infra.policy.cases import Case, cases
from tests.infra.policy.properties import KNOWN, paths
from tests.unit.docs.pages import ROOT

_REQUIRED, _READ_ONLY = 1, 2
_GIVEN_BY_BICEP = {"type", "apiVersion"}
_SIMPLE = {"BooleanType": bool, "IntegerType": int, "StringType": str}

type Found = Iterator[tuple[str, str]]
"""What is wrong, by path; "" at a path where any key may follow."""


class AzureTypes:
    """The types of a clone. Any: they are JSON of many shapes."""

    def __init__(self, clone: Path) -> None:
        self._files = sorted((clone / "generated").rglob("types.json"))
        if not self._files:
            raise SystemExit(f"{clone} is no clone of bicep-types-az: it has no generated/**/types.json")

    def problems(self, kind: str, body: Mapping[str, Any]) -> Found:
        """Give what is wrong with the body of a resource of "TYPE@VERSION"."""
        found = self._resource(kind)
        if found is None:
            yield "", "there is no such type, or no such version"
            return
        file, resource = found
        yield from self._check(body, file, self._at(file, resource["body"])[1], "")

    @cache  # noqa: B019 - one clone a run
    def _read(self, file: Path) -> list[Any]:
        return json.loads(file.read_text())

    @cache  # noqa: B019 - one clone a run
    def _resource(self, kind: str) -> tuple[Path, Any] | None:
        type_, _, version = kind.partition("@")
        place = (type_.partition("/")[0].lower(), version)
        for file in self._files:
            if (file.parent.parent.name.lower(), file.parent.name) == place:
                for each in self._read(file):
                    if each["$type"] == "ResourceType" and each["name"].lower() == kind.lower():
                        return file, each
        return None

    def _at(self, file: Path, reference: Mapping[str, str]) -> tuple[Path, Any]:
        other, _, number = reference["$ref"].rpartition("#/")
        target = (file.parent / other).resolve() if other else file
        return target, self._read(target)[int(number)]

    def _check(self, value: Any, file: Path, type_: Any, path: str) -> Found:
        if value is None or isinstance(value, Later):
            return
        match type_["$type"]:
            case "ObjectType":
                yield from self._object(value, file, type_, path)
            case "DiscriminatedObjectType":
                yield from self._one_of_objects(value, file, type_, path)
            case "ArrayType":
                inner = self._at(file, type_["itemType"])
                for each in value if isinstance(value, list) else ():
                    yield from self._check(each, *inner, f"{path}[]")
                if not isinstance(value, list):
                    yield path, "is no list"
            case "UnionType":
                yield from self._one_of(value, file, type_, path)
            case "StringLiteralType" if value != type_["value"]:
                yield path, f"{value!r} is not {type_['value']!r}"
            case kind if kind in _SIMPLE:
                yield from _simple(value, kind, type_, path)

    def _object(self, value: Any, file: Path, type_: Any, path: str) -> Found:
        if not isinstance(value, dict):
            yield path, "is no object"
            return
        properties, more = type_["properties"], type_.get("additionalProperties")
        if more is not None and not properties:
            yield path, ""
        for key, inner in value.items():
            at = f"{path}.{key}" if path else key
            if key in properties:
                if properties[key].get("flags", 0) & (_REQUIRED | _READ_ONLY) == _READ_ONLY:
                    yield at, "is read-only"
                yield from self._check(inner, *self._at(file, properties[key]["type"]), at)
            elif more is not None:
                yield from self._check(inner, *self._at(file, more), at)
            else:
                yield at, "is not known"
        for key, each in properties.items():
            needed = each.get("flags", 0) & (_REQUIRED | _READ_ONLY) == _REQUIRED
            if needed and value.get(key) is None and not (not path and key in _GIVEN_BY_BICEP):
                yield f"{path}.{key}", "must be there"

    def _one_of_objects(self, value: Any, file: Path, type_: Any, path: str) -> Found:
        chosen = value.get(type_["discriminator"]) if isinstance(value, dict) else None
        if chosen not in type_["elements"]:
            yield path, f"{type_['discriminator']} is {chosen!r}, none of {', '.join(type_['elements'])}"
            return
        file_there, element = self._at(file, type_["elements"][chosen])
        base = {"$type": "ObjectType", "properties": type_["baseProperties"]}
        own = {key: each for key, each in value.items() if key in element["properties"]}
        rest = {key: each for key, each in value.items() if key not in own}
        yield from self._object(own, file_there, element, path)
        yield from self._object(rest, file, base, path)

    def _one_of(self, value: Any, file: Path, type_: Any, path: str) -> Found:
        allowed = [self._at(file, each)[1] for each in type_["elements"]]
        literals = {each["value"] for each in allowed if each["$type"] == "StringLiteralType"}
        if literals and value not in literals:
            yield path, f"{value!r} is none of {', '.join(sorted(literals))}"


def _simple(value: Any, kind: str, type_: Any, path: str) -> Found:
    right: bool = isinstance(value, _SIMPLE[kind]) and (kind != "IntegerType" or not isinstance(value, bool))
    if not right:
        yield path, f"{value!r} is no {kind}"
    elif kind == "StringType":
        if (pattern := type_.get("pattern")) and not re.search(pattern, value):
            yield path, f"{value!r} is not like {pattern}"
        if not type_.get("minLength", 0) <= len(value) <= type_.get("maxLength", sys.maxsize):
            yield path, f"{value!r} is too long, or too short"
    elif kind == "IntegerType" and not type_.get("minValue", value) <= value <= type_.get("maxValue", value):
        yield path, f"{value} is too large, or too small"


def compare(types: AzureTypes, every: list[Case]) -> tuple[list[str], dict[str, list[str]]]:
    """Return what is wrong, and the paths by "TYPE@VERSION" of what is deployed."""
    wrong, right = set[str](), defaultdict[str, set[str]](set)
    for made in (made for case in every for made in case.deployment.resources if not made.existing):
        kind = f"{made.type}@{made.version}"
        found = list(types.problems(kind, made.body))
        wrong |= {f"{kind}: {path} {problem}" for path, problem in found if problem}
        free = {path for path, problem in found if not problem}
        for path in paths(made.body):
            below = next((each for each in free if path.startswith(f"{each}.")), None)
            right[kind].add(path if below is None else f"{below}.*")
    return sorted(wrong), {kind: sorted(each) for kind, each in sorted(right.items())}


def main() -> None:
    """Compare, print what is wrong, and write the list if nothing is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clone", type=Path)
    every = list(cases(read_project(ROOT / "infra" / "bicep")))
    broken = [each for each in every if isinstance(each, str)]
    wrong, right = compare(AzureTypes(parser.parse_args().clone), [e for e in every if isinstance(e, Case)])
    if broken or wrong:
        raise SystemExit("\n".join([*broken, *wrong]))
    KNOWN.write_text(yaml.safe_dump(right, sort_keys=False))
    sys.stdout.write(f"{len(right)} types and versions are as Azure knows them; {KNOWN.name} is written.\n")


if __name__ == "__main__":
    main()
