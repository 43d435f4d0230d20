"""docs/campaigns.md: its examples are campaigns, its commands exist, every field is explained."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
import typer.main
from jsonschema import Draft202012Validator

from cli.main import app
from cli.yaml_files import load_yaml
from shared.journey.campaign import CampaignDefinition, campaign_schema, parse_campaign
from shared.journey.campaign_moves import _MOVES
from shared.journey.pace import Capacity, Hours, Pace
from tests.unit.docs.pages import DOCS, ROOT, blocks

PAGE = DOCS / "campaigns.md"
EXAMPLES = [load_yaml(block) for block in blocks(PAGE, "yaml")]
SCHEMA = Draft202012Validator(campaign_schema())
COMMANDS = [line for block in blocks(PAGE, "sh") for line in block.splitlines()]


@pytest.mark.parametrize("example", EXAMPLES, ids=[example["title"] for example in EXAMPLES])
def test_examples_are_campaigns(example: dict[str, object]) -> None:
    assert parse_campaign(example, "example").canonical
    assert [error.message for error in SCHEMA.iter_errors(example)] == []


def test_the_schema_is_the_language() -> None:
    Draft202012Validator.check_schema(campaign_schema())
    file = ROOT / "definitions" / "schemas" / "campaign.json"
    assert json.loads(file.read_text()) == campaign_schema(), "hearthline campaign schema > the file"


def test_every_field_is_in_an_example() -> None:
    text = PAGE.read_text()
    models = (CampaignDefinition, Pace, Hours, Capacity)
    names = {field.alias or name for model in models for name, field in model.model_fields.items()}
    assert sorted(name for name in names if not re.search(rf"\b{name}\b", text)) == []
    shown = {name for example in EXAMPLES for name in example}
    assert sorted(set(CampaignDefinition.model_fields) - shown) == []


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_are_as_they_are_written(line: str) -> None:
    """Each parses, with the options that it names."""
    words = shlex.split(line)
    command: Any = typer.main.get_command(app)
    assert words.pop(0) == "hearthline"
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_every_move_has_its_command() -> None:
    shown = {line.split()[2] for line in COMMANDS}
    assert set(_MOVES) - {"finish"} <= shown
