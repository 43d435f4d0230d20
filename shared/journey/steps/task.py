"""The step that gives staff something to do: a FHIR Task (https://hl7.org/fhir/R4/task.html).

Example: {id: call, kind: task, code: callback, title: Call the patient, owner: Practitioner/1, due: P1D,
priority: urgent, reason: "answered {symptoms} to the symptom check"}
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.fhir.calendar import Duration, parse_duration
from shared.fhir.instants import iso
from shared.journey.due import added
from shared.journey.resources import written as about
from shared.journey.resources.coded import Coded, Json, Reference, concept, concepts
from shared.journey.resources.quoting import filled, quoted
from shared.journey.steps.base import (
    CompiledStep,
    Goes,
    Iso8601Duration,
    Outcome,
    Setting,
    Standing,
    StepId,
    StepModel,
)

type Priority = Literal["routine", "urgent", "asap", "stat"]


class TaskStep(StepModel):
    """Ask staff to do something for the patient, and go on at once."""

    kind: Literal["task"]
    title: str = Field(min_length=1, max_length=200)
    """What is to be done, as staff read it."""
    code: Coded = "Outreach"
    """What kind of work it is."""
    owner: Reference | None = None
    """Whose it is; whoever takes it, where nobody is named."""
    performer_type: tuple[Coded, ...] = ()
    """Which kind of staff can do it."""
    due: Iso8601Duration | None = None
    """How soon it is to be done, counted in the organisation's zone."""
    priority: Priority = "routine"
    reason: str = Field(default="", max_length=1000)
    """Why, in words of staff."""
    next: StepId | None = None
    """The step that follows; the next in the list where none is named."""
    links: ClassVar[tuple[str, ...]] = ("next",)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.due is not None and parse_duration(self.due).sign <= 0:
            raise ValueError("due is some time from now, not before")
        return self

    @property
    def quoted(self) -> frozenset[str]:
        """Return what its texts quote."""
        return quoted(self.title, self.reason)

    def summary(self) -> str:
        """Say what it does."""
        return f"Task for {self.owner or 'staff'}: {self.title}"

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""
        due = parse_duration(self.due) if self.due else None

        def run(standing: Standing) -> Outcome:
            content = self._content(standing, due, setting)
            effect = about.written(standing, "Task", content)
            said = f"a task for {self.owner or 'staff'}: {content['description']}"
            return Goes(setting.following, said, effects=(effect,))

        return CompiledStep(self.id, self.kind, run)

    def _content(self, standing: Standing, due: Duration | None, setting: Setting) -> Json:
        ends = iso(added(standing.now, due, setting.zone)) if due is not None else None
        return {
            "instantiatesUri": about.journey_url(standing),
            "groupIdentifier": about.group(standing),
            "status": "requested",
            "intent": "order",
            "priority": self.priority,
            "code": concept(self.code),
            "description": filled(self.title, standing),
            "focus": about.focus(standing),
            "for": about.patient(standing),
            "authoredOn": about.at(standing),
            "performerType": concepts(self.performer_type) or None,
            "owner": {"reference": self.owner} if self.owner else None,
            "reasonCode": {"text": filled(self.reason, standing)} if self.reason else None,
            "note": about.why(standing),
            "restriction": {"period": {"end": ends}} if ends else None,
        }
