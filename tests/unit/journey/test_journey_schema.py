"""definitions/schemas/journey.json: what editors complete and check journeys with, held to the models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cli.yaml_files import load_yaml
from shared.errors import Invalid
from shared.journey.definition import journey_schema, parse_journey
from tests.unit.journey.test_journey_docs import EXAMPLES, whole

ROOT = Path(__file__).parents[3]
FILE = ROOT / "definitions/schemas/journey.json"
SHIPPED = sorted((ROOT / "definitions/journeys").glob("*.yaml"))
SCHEMA = Draft202012Validator(journey_schema())

HEAD = 'url: https://x.example/journeys/j\nversion: "1"\ntitle: J\ntrigger: {manual: true}\n'


def test_the_file_is_the_schema():
    Draft202012Validator.check_schema(journey_schema())
    assert json.loads(FILE.read_text()) == journey_schema(), "hearthline journey schema > the file"


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_are_valid(example: Any):
    assert [error.message for error in SCHEMA.iter_errors(whole(example))] == []


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_what_ships_is_valid(path: Path):
    assert [error.message for error in SCHEMA.iter_errors(load_yaml(path.read_text()))] == []


@pytest.mark.parametrize(
    "text",
    [
        "steps: []",
        "steps: [{id: a, kind: sned}]",
        "steps: [{id: A, kind: exit}]",
        "steps: [{id: a, kind: exit, raison: x}]",
        "steps: [{id: a, kind: send, channels: [sms]}]",
        'steps: [{id: a, kind: send, template: "https://x.example/t", channels: [pigeon]}]',
        "steps: [{id: a, kind: wait, until: {anchor: focus.begin}}]",
        "steps: [{id: a, kind: wait, until: {weekdays: [monday], at: '09:00'}}]",
        "steps: [{id: a, kind: wait_for, cases: [], timeout: P1D}]",
        "steps: [{id: a, kind: split, ways: [{name: x, weight: 0, next: a}, {name: y, weight: 1, next: a}]}]",
        "re_entry: sometimes\nsteps: [{id: a, kind: exit}]",
        "limits: {per_hour: 0}\nsteps: [{id: a, kind: exit}]",
        "goal: {title: seen, any_of: []}\nsteps: [{id: a, kind: exit}]",
    ],
)
def test_slips_are_found_by_both(text: str):
    document = load_yaml(HEAD + text)
    assert list(SCHEMA.iter_errors(document))
    with pytest.raises(Invalid):
        parse_journey(document, "x.yaml")
