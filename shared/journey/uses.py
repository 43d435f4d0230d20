"""What a journey refers to by url: segments and templates, for shared.catalogue to look up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from shared.journey.definition import JourneyDefinition
from shared.journey.steps.branch import BranchStep
from shared.journey.steps.send import SendStep


class Use(Struct, frozen=True):
    """One reference, and where in the document it stands."""

    kind: Literal["segment", "template"]
    name: str
    path: str


def uses(journey: JourneyDefinition) -> Iterator[Use]:
    """Walk all references of a journey."""
    if journey.trigger.segment_entered:
        yield Use("segment", journey.trigger.segment_entered, "trigger.segment_entered")
    for index, step in enumerate(journey.steps):
        if isinstance(step, SendStep):
            yield Use("template", step.template, f"steps[{index}].template")
        elif isinstance(step, BranchStep):
            yield from _branch(step, f"steps[{index}]")


def _branch(step: BranchStep, where: str) -> Iterator[Use]:
    for index, case in enumerate(step.cases):
        for field in ("in_segment", "not_in_segment"):
            if name := getattr(case.when, field):
                yield Use("segment", name, f"{where}.cases[{index}].when.{field}")
