"""From a checked definition to a journey that runs: steps by id, ready functions, no model left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from types import MappingProxyType
from typing import Literal

from msgspec import Struct

from shared.journey.check import followers
from shared.journey.definition import JourneyDefinition
from shared.journey.steps.base import CompiledStep, Setting
from shared.journey.trigger import FhirChange


class CompiledJourney(Struct, frozen=True):
    """One version of a journey, ready to run."""

    url: str
    version: str
    canonical: str
    title: str
    first: str
    """Id of the step that an enrolment starts at."""
    steps: Mapping[str, CompiledStep]
    segment: str = ""
    """Url of the segment whose entering is the trigger, or ""."""
    change: FhirChange | None = None
    re_entry: Literal["never", "after-exit", "per-focus"] = "never"
    exit_on_leaving: bool = False


def compile_journey(definition: JourneyDefinition, zone: tzinfo) -> CompiledJourney:
    """Make a journey ready to run; `zone` is the organisation's."""
    following = followers(definition.steps)
    steps = {step.id: step.prepare(Setting(following[step.id], zone)) for step in definition.steps}
    return CompiledJourney(
        url=definition.url,
        version=definition.version,
        canonical=definition.canonical,
        title=definition.title,
        first=definition.steps[0].id,
        steps=MappingProxyType(steps),
        segment=definition.trigger.segment_entered or "",
        change=definition.trigger.fhir_change,
        re_entry=definition.re_entry,
        exit_on_leaving=definition.exit_when.segment_left,
    )
