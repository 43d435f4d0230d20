"""docs/journeys.md: every example parses and runs, every field an author can write is explained."""

from __future__ import annotations

import re
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.journey.compile import compile_journey
from shared.journey.definition import ExitWhen, JourneyDefinition, parse_journey
from shared.journey.steps.branch import BranchStep, Case, When
from shared.journey.steps.exit import ExitStep
from shared.journey.steps.send import SendStep
from shared.journey.steps.wait import Anchor, WaitStep
from shared.journey.trigger import FhirChange, Recent, Trigger

PAGE = (Path(__file__).parents[3] / "docs/journeys.md").read_text(encoding="utf-8")
EXAMPLES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
MODELS = (
    *(JourneyDefinition, ExitWhen, Trigger, FhirChange, Recent),
    *(SendStep, WaitStep, Anchor, BranchStep, Case, When, ExitStep),
)


def whole(example: Any) -> Any:
    """Put steps into a journey where the example is steps only."""
    if isinstance(example, dict):
        return example
    trigger = {"fhir_change": {"type": "Appointment", "status": ["booked"]}}
    return {
        "url": "https://example.org/journeys/x",
        "version": "1",
        "title": "X",
        "trigger": trigger,
        "steps": example,
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_a_journey(example: Any) -> None:
    definition = parse_journey(whole(example), "docs/journeys.md")
    compiled = compile_journey(definition, UTC)
    assert list(compiled.steps) == [step.id for step in definition.steps]


def test_every_kind_of_step_has_an_example() -> None:
    kinds = {step["kind"] for example in EXAMPLES for step in whole(example)["steps"]}
    assert kinds == {"send", "wait", "branch", "exit"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_is_on_the_page(model: type[JourneyDefinition]) -> None:
    missing = [name for name in model.model_fields if not re.search(rf"\b{name}\b", PAGE)]
    assert not missing
