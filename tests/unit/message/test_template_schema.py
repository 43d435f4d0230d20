"""definitions/schemas/template.json: what editors complete and check templates with, held to the models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cli.yaml_files import load_yaml
from shared.errors import Invalid
from shared.message.template import parse_template, template_schema

ROOT = Path(__file__).parents[3]
FILE = ROOT / "definitions/schemas/template.json"
SHIPPED = sorted((ROOT / "definitions/templates").glob("*.yaml"))
SCHEMA = Draft202012Validator(template_schema())
HEAD = 'url: https://x.example/t\nversion: "1"\ntitle: T\n'
SMS = "channels: {sms: {text: {en: x}}}\n"


def test_the_file_is_the_schema() -> None:
    Draft202012Validator.check_schema(template_schema())
    assert json.loads(FILE.read_text()) == template_schema(), "hearthline template schema > the file"


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_what_ships_is_valid(path: Path) -> None:
    assert [error.message for error in SCHEMA.iter_errors(load_yaml(path.read_text()))] == []


@pytest.mark.parametrize(
    "text",
    [
        "channels: {pigeon: {text: {en: x}}}",
        "channels: {sms: {txt: {en: x}}}",
        "channels: {sms: {text: {}}}",
        "channels: {sms: {text: {en: ''}}}",
        "channels: {push: {text: {en: x}}}",
        "channels: {email: {subject: {en: x}, text: {en: x}, attach: [invoice]}}",
        "channels: {whatsapp: {text: {en: x}, approved: {name: Not Lower, language: {en: en}}}}",
        f"{SMS}purpose: fun",
        f"{SMS}topic: Two words",
        f"{SMS}urgent: perhaps",
        f"{SMS}discloses: everything",
    ],
)
def test_slips_are_found_by_both(text: str) -> None:
    document: Any = load_yaml(HEAD + text)
    assert list(SCHEMA.iter_errors(document))
    with pytest.raises(Invalid):
        parse_template(document, "t.yaml")
