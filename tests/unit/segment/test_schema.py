"""The JSON Schema that editors use: what is committed is the language, and takes what the parser takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cli.yaml_files import load_yaml
from shared.errors import Invalid
from shared.segment.definition import parse_segment, segment_schema
from tests.unit.segment import shipped
from tests.unit.segment.test_documentation import EXAMPLES

FILE = shipped.ROOT / "definitions" / "schemas" / "segment.json"
SCHEMA = Draft202012Validator(segment_schema())
SHIPPED = sorted((shipped.ROOT / "definitions" / "segments").glob("*.yaml"))


def whole(text: str) -> dict[str, Any]:
    document = load_yaml(text)
    head = {"url": "https://example.org/s", "version": "1", "title": "Test"}
    return document if "url" in document else {**head, "criteria": document}


def test_the_file_is_the_language():
    Draft202012Validator.check_schema(segment_schema())
    assert json.loads(FILE.read_text()) == segment_schema(), "hearthline segment schema > the file"


@pytest.mark.parametrize("text", [text for text, _ in EXAMPLES], ids=[t.split("\n")[0] for t, _ in EXAMPLES])
def test_examples_are_valid(text: str):
    assert [error.message for error in SCHEMA.iter_errors(whole(text))] == []


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_what_ships_is_valid(path: Any):
    assert [error.message for error in SCHEMA.iter_errors(whole(path.read_text()))] == []


@pytest.mark.parametrize(
    "criteria",
    [
        "{}",
        "has: {type: Observatio}",
        "has: {type: Observation, wich: latest}",
        "has: {type: Observation, value: {above: high, unit: '%'}}",
        "age: {at_least: -1}",
        "{gender: female, active: true}",
        "all: []",
        "has: {type: Observation, when: {starts: {last: P6M, foo: 1}}}",
        "nothing: true",
        "active: 1",
    ],
)
def test_slips_are_found_by_both(criteria: str):
    document = whole(criteria) if criteria != "{}" else {**whole("active: true"), "criteria": {}}
    assert list(SCHEMA.iter_errors(document))
    with pytest.raises(Invalid):
        parse_segment(document, "x.yaml")
