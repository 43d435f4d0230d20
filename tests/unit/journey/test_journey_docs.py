"""docs/journeys.md: every example parses and runs, every field an author can write is explained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from cli.yaml_files import load_yaml
from shared.journey.compile import compile_journey
from shared.journey.definition import JourneyDefinition, parse_journey
from shared.journey.uses import criteria

ROOT = Path(__file__).parents[3]
PAGES = ("journeys.md", "journeys-outside.md")
"""What acts outside has a page of its own."""
FILES = [ROOT / "docs" / name for name in PAGES]
TEXT = "\n".join(file.read_text(encoding="utf-8") for file in FILES if file.exists())
EXAMPLES = [load_yaml(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]


def models(model: type[BaseModel]) -> set[type[BaseModel]]:
    """Return a model and all that its fields are made of."""
    found: set[type[BaseModel]] = set()
    ahead = [model]
    while ahead:
        here = ahead.pop()
        if here not in found:
            found.add(here)
            ahead += [inner for field in here.model_fields.values() for inner in _within(field.annotation)]
    return found


def _within(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(getattr(annotation, "__value__", annotation)):
        yield from _within(inner)


def whole(example: Any) -> dict[str, Any]:
    """Put steps, or a part of a journey, into a whole one."""
    change = {"fhir_change": {"type": "Appointment", "status": ["booked"]}}
    base: dict[str, Any] = {"url": "https://example.org/journeys/x", "version": "1", "title": "X"}
    if isinstance(example, list):
        return {**base, "trigger": change, "steps": example}
    return {**base, "trigger": change, "steps": [{"id": "done", "kind": "exit"}], **example}


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_a_journey(example: Any) -> None:
    definition = parse_journey(whole(example), "docs/journeys.md")
    compiled = compile_journey(definition, UTC, {path: lambda *_: "" for path, _ in criteria(definition)})
    assert {step.id for step in definition.steps} <= set(compiled.steps)


def test_every_kind_of_step_and_trigger_has_an_example() -> None:
    journeys = [whole(example) for example in EXAMPLES]
    kinds = {step["kind"] for journey in journeys for step in journey["steps"]}
    steps = {model for model in models(JourneyDefinition) if "kind" in model.model_fields}
    assert kinds == {get_args(model.model_fields["kind"].annotation)[0] for model in steps}
    triggers = {name for journey in journeys for name in journey["trigger"]}
    trigger = JourneyDefinition.model_fields["trigger"].annotation
    assert isinstance(trigger, type)
    assert triggers | {"segment_left"} == set(trigger.model_fields)


@pytest.mark.parametrize("model", sorted(models(JourneyDefinition), key=str), ids=lambda m: m.__name__)
def test_every_field_is_on_the_page(model: type[BaseModel]) -> None:
    names = (field.alias or name for name, field in model.model_fields.items())
    missing = [name for name in names if not re.search(rf"\b{name}\b", TEXT)]
    assert not missing
