"""The comparison with Azure's types finds what is unknown, missing or refused: by types made up here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.infra.azure_types import AzureTypes
from tests.infra.bicep.values import Later
from tests.infra.policy.properties import matches, paths

KIND = "X.Y/stores@2025-01-01"


def ref(number: int) -> dict[str, str]:
    return {"$ref": f"#/{number}"}


def prop(number: int, flags: int = 0) -> dict[str, object]:
    return {"type": ref(number), "flags": flags}


TYPES = [
    {"$type": "StringType", "pattern": "^[a-z]+$", "maxLength": 5},
    {"$type": "IntegerType", "minValue": 1, "maxValue": 9},
    {"$type": "BooleanType"},
    {"$type": "StringLiteralType", "value": "Hot"},
    {"$type": "StringLiteralType", "value": "Cool"},
    {"$type": "UnionType", "elements": [ref(3), ref(4)]},
    {"$type": "ArrayType", "itemType": ref(0)},
    {"$type": "ObjectType", "properties": {}, "additionalProperties": ref(0)},
    {
        "$type": "ObjectType",
        "properties": {
            "tier": prop(5),
            "days": prop(1, 1),
            "on": prop(2),
            "made": prop(0, 2),
            "rules": prop(6),
            "way": prop(11),
        },
    },
    {"$type": "ObjectType", "properties": {"name": prop(0, 1), "tags": prop(7), "properties": prop(8)}},
    {"$type": "ObjectType", "properties": {"queue": prop(0)}},
    {
        "$type": "DiscriminatedObjectType",
        "discriminator": "kind",
        "baseProperties": {"kind": prop(0)},
        "elements": {"queue": ref(10)},
    },
    {"$type": "ResourceType", "name": KIND, "body": ref(9)},
]


@pytest.fixture
def types(tmp_path: Path) -> AzureTypes:
    """Return the types of a clone with one file."""
    folder = tmp_path / "generated" / "stores" / "x.y" / "2025-01-01"
    folder.mkdir(parents=True)
    (folder / "types.json").write_text(json.dumps(TYPES))
    return AzureTypes(tmp_path)


def body(**properties: object) -> dict[str, object]:
    return {"name": "a", "tags": {"any": "tag"}, "properties": {"days": 1, **properties}}


def wrong(types: AzureTypes, of: dict[str, object], kind: str = KIND) -> list[str]:
    return [f"{path} {problem}".strip() for path, problem in types.problems(kind, of) if problem]


def test_what_is_right_is_left_alone(types: AzureTypes) -> None:
    right = body(tier="Hot", on=True, rules=["a"], way={"kind": "queue", "queue": "a"})
    assert wrong(types, right) == []
    assert wrong(types, body(tier=None, rules=[Later("<later>")])) == []


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"teir": "Hot"}, "properties.teir is not known"),
        ({"tier": "Warm"}, "properties.tier 'Warm' is none of Cool, Hot"),
        ({"days": None}, "properties.days must be there"),
        ({"days": 10}, "properties.days 10 is too large, or too small"),
        ({"days": "1"}, "properties.days '1' is no IntegerType"),
        ({"on": "yes"}, "properties.on 'yes' is no BooleanType"),
        ({"made": "a"}, "properties.made is read-only"),
        ({"rules": "a"}, "properties.rules is no list"),
        ({"rules": ["A"]}, "properties.rules[] 'A' is not like ^[a-z]+$"),
        ({"rules": ["abcdef"]}, "properties.rules[] 'abcdef' is too long, or too short"),
        ({"way": {"kind": "topic"}}, "properties.way kind is 'topic', none of queue"),
        ({"way": {"kind": "queue", "q": "a"}}, "properties.way.q is not known"),
    ],
)
def test_what_is_wrong_is_told(types: AzureTypes, properties: dict[str, object], said: str) -> None:
    assert wrong(types, body(**properties)) == [said]


def test_a_type_or_a_version_that_there_is_not(types: AzureTypes) -> None:
    for kind in ("X.Y/stores@2024-01-01", "X.Y/shops@2025-01-01"):
        assert wrong(types, body(), kind) == ["there is no such type, or no such version"]


def test_a_folder_that_is_no_clone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no clone of bicep-types-az"):
        AzureTypes(tmp_path)


def test_paths_go_through_lists_and_free_keys_match() -> None:
    assert list(paths({"a": [{"b": 1}, {"c": []}], "d": {}})) == ["a[].b", "a[].c", "d"]
    assert matches("tags.any", frozenset({"tags.*"}))
    assert not matches("tag.any", frozenset({"tags.*"}))
