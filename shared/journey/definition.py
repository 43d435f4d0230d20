"""JourneyDefinition: what an author writes, checked whole before anything runs.

First in the flow of journeys: parse_journey → compile_journey → Journeys → advance.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from shared.authoring import Authored, parse_document
from shared.errors import Invalid
from shared.fhir.canonical import canonical
from shared.journey.check import check_steps
from shared.journey.steps.base import DefinitionUrl
from shared.journey.steps.branch import BranchStep
from shared.journey.steps.exit import ExitStep
from shared.journey.steps.send import SendStep
from shared.journey.steps.wait import WaitStep
from shared.journey.trigger import Trigger

type Step = Annotated[SendStep | WaitStep | BranchStep | ExitStep, Field(discriminator="kind")]
Version = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$")]


class ExitWhen(Authored):
    """What ends the journey at once, also in the middle of a wait."""

    segment_left: bool = False
    """The patient left the segment whose entering was the trigger."""


class JourneyDefinition(Authored):
    """What an organisation promises to do for a patient, over time; immutable once published."""

    url: DefinitionUrl
    version: Version
    title: str = Field(min_length=1)
    description: str = ""
    trigger: Trigger
    re_entry: Literal["never", "after-exit", "per-focus"] = "never"
    """Whether a patient who was in it may enter again: never; once out of it; once for each resource."""
    exit_when: ExitWhen = ExitWhen()
    steps: tuple[Step, ...] = Field(min_length=1, max_length=1000)

    @property
    def canonical(self) -> str:
        """Return "url|version"."""
        return canonical(self.url, self.version)


def parse_journey(document: object, where: str) -> JourneyDefinition:
    """Check a parsed YAML or JSON document. Raises Invalid with every Problem; `where` names the file."""
    definition = parse_document(JourneyDefinition, document, where)
    problems = check_steps(
        definition.steps,
        where,
        anchored_focus=definition.trigger.fhir_change is not None,
        segment_trigger=definition.trigger.segment_entered is not None,
        leaves=definition.exit_when.segment_left,
        per_focus=definition.re_entry == "per-focus",
    )
    if problems:
        raise Invalid(problems)
    return definition


def journey_schema() -> dict[str, Any]:
    """Return the JSON Schema that editors complete and check journeys with."""
    schema = JourneyDefinition.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
