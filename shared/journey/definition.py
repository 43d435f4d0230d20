"""JourneyDefinition: what an author writes, checked whole before anything runs.

First in the flow of journeys: parse_journey → compile_journey → Journeys → advance.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from shared.authoring import Authored, parse_document
from shared.errors import Invalid
from shared.fhir.canonical import canonical
from shared.journey.audience import Audience, EntryWindow, ReEntryRule
from shared.journey.check import Frame, check_steps
from shared.journey.exits import ExitWhen, Goal
from shared.journey.happening import Happening
from shared.journey.pace import Pace
from shared.journey.publication import OnPublish
from shared.journey.steps.appointment import AppointmentStep
from shared.journey.steps.base import DefinitionUrl
from shared.journey.steps.branch import BranchStep
from shared.journey.steps.end import EndStep
from shared.journey.steps.exit import ExitStep
from shared.journey.steps.notify import NotifyStep
from shared.journey.steps.send import SendStep
from shared.journey.steps.split import SplitStep
from shared.journey.steps.start import StartStep
from shared.journey.steps.survey import SurveyStep
from shared.journey.steps.task import TaskStep
from shared.journey.steps.wait import WaitStep
from shared.journey.steps.wait_for import WaitForStep
from shared.journey.steps.webhook import WebhookStep
from shared.journey.steps.write import WriteStep
from shared.journey.trigger import Trigger

type Step = Annotated[
    SendStep
    | SurveyStep
    | WaitStep
    | WaitForStep
    | BranchStep
    | SplitStep
    | TaskStep
    | WriteStep
    | AppointmentStep
    | NotifyStep
    | WebhookStep
    | StartStep
    | EndStep
    | ExitStep,
    Field(discriminator="kind"),
]
Version = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$")]


class JourneyDefinition(Authored):
    """What an organisation promises to do for a patient, over time; immutable once published."""

    url: DefinitionUrl
    version: Version
    title: str = Field(min_length=1)
    description: str = ""
    trigger: Trigger
    audience: Audience = Audience()
    """Whom it is for, whatever the trigger."""
    entry_window: EntryWindow | None = None
    """When it takes anybody in."""
    re_entry: ReEntryRule = "never"
    """Whether a patient who was in it may enter again: never; once out of it; once for each resource; once
    out of it and some time after they last entered."""
    limits: Pace | None = None
    """How many are let in at a time; the others wait, first come, first served."""
    exit_when: ExitWhen = ExitWhen()
    goal: Goal | None = None
    """What it is for: whoever reaches it is done."""
    on_publish: OnPublish = OnPublish()
    """What becomes of those inside an older version."""
    steps: tuple[Step, ...] = Field(min_length=1, max_length=1000)

    @property
    def canonical(self) -> str:
        """Return "url|version"."""
        return canonical(self.url, self.version)


def parse_journey(document: object, where: str) -> JourneyDefinition:
    """Check a parsed YAML or JSON document. Raises Invalid with every Problem; `where` names the file."""
    definition = parse_document(JourneyDefinition, document, where)
    frame = Frame(
        has_focus=definition.trigger.has_focus or definition.trigger.kind == "manual",
        segment=bool(definition.trigger.segment),
        leaves=definition.exit_when.segment_left,
        per_focus=definition.re_entry == "per-focus",
        has_goal=definition.goal is not None,
        happenings=tuple(_happenings(definition)),
        renamed=definition.on_publish.steps,
    )
    problems = check_steps(definition.steps, where, frame)
    if problems:
        raise Invalid(problems)
    return definition


def _happenings(definition: JourneyDefinition) -> Iterator[tuple[str, Happening]]:
    goal = definition.goal.any_of if definition.goal else ()
    yield from ((f"exit_when.any_of[{n}]", each) for n, each in enumerate(definition.exit_when.any_of))
    yield from ((f"goal.any_of[{n}]", each) for n, each in enumerate(goal))


def journey_schema() -> dict[str, Any]:
    """Return the JSON Schema that editors complete and check journeys with."""
    schema = JourneyDefinition.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
