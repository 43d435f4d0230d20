"""The step that writes to the patient's record: a Flag, a ServiceRequest or a CommunicationRequest.

Examples: {id: mark, kind: write, resource: Flag, code: "http://snomed.info/sct|225915006", lasts: P90D}
{id: order, kind: write, resource: ServiceRequest, code: "http://loinc.org|4548-4", reason: HbA1c is due}
{id: ask, kind: write, resource: CommunicationRequest, text: Please call about the result, medium: [phone]}
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.fhir.calendar import parse_duration
from shared.fhir.instants import iso
from shared.journey.due import added
from shared.journey.resources import written as about
from shared.journey.resources.coded import Coded, Json, Reference, concept, concepts, words
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
from shared.journey.steps.task import Priority


class _Write(StepModel):
    """What the three have in common."""

    kind: Literal["write"]
    resource: str
    reason: str = Field(default="", max_length=1000)
    """Why, in words of staff."""
    next: StepId | None = None
    """The step that follows; the next in the list where none is named."""
    links: ClassVar[tuple[str, ...]] = ("next",)

    @property
    def quoted(self) -> frozenset[str]:
        """Return what its texts quote."""
        return quoted(self.reason)

    def subject(self) -> str:
        """Say what it is about, in a few words."""
        raise NotImplementedError

    def content(self, standing: Standing, setting: Setting) -> Json:
        """Return what the resource says; None is left out."""
        raise NotImplementedError

    def summary(self) -> str:
        """Say what it does."""
        return f"Write a {self.resource}: {self.subject()}"

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""

        def run(standing: Standing) -> Outcome:
            effect = about.written(standing, self.resource, self.content(standing, setting))
            said = f"writing a {self.resource}: {filled(self.subject(), standing)}"
            return Goes(setting.following, said, effects=(effect,))

        return CompiledStep(self.id, self.kind, run)

    def _why(self, standing: Standing) -> list[Json] | None:
        return [{"text": filled(self.reason, standing)}] if self.reason else None


class WriteFlag(_Write):
    """Flag (https://hl7.org/fhir/R4/flag.html): something that staff should see when they open the record."""

    resource: Literal["Flag"]
    code: Coded
    """What it warns of."""
    text: str = Field(default="", max_length=200)
    """The same in words."""
    category: tuple[Coded, ...] = ()
    lasts: Iso8601Duration | None = None
    """How long it is to be heeded, counted in the organisation's zone; until it is taken away else."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.lasts is not None and parse_duration(self.lasts).sign <= 0:
            raise ValueError("a flag lasts some time")
        if self.reason:
            raise ValueError("a Flag has no reason: say it in its text")
        return self

    @property
    def quoted(self) -> frozenset[str]:
        """Return what its texts quote."""
        return quoted(self.text)

    def subject(self) -> str:
        """Say what it warns of."""
        return self.text or words(self.code)

    def content(self, standing: Standing, setting: Setting) -> Json:
        """Return what the resource says."""
        period: Json = {"start": about.at(standing)}
        if self.lasts is not None:
            period["end"] = iso(added(standing.now, parse_duration(self.lasts), setting.zone))
        return {
            "status": "active",
            "category": concepts(self.category) or None,
            "code": concept(self.code, filled(self.text, standing)),
            "subject": about.patient(standing),
            "period": period,
        }


class WriteServiceRequest(_Write):
    """ServiceRequest (https://hl7.org/fhir/R4/servicerequest.html): a proposal or plan for a clinician."""

    resource: Literal["ServiceRequest"]
    code: Coded
    """What is proposed."""
    text: str = Field(default="", max_length=200)
    """The same in words."""
    category: tuple[Coded, ...] = ()
    status: Literal["draft", "active"] = "draft"
    intent: Literal["proposal", "plan"] = "proposal"
    """A journey orders nothing: clinicians do."""
    priority: Priority = "routine"
    performer: Reference | None = None

    @property
    def quoted(self) -> frozenset[str]:
        """Return what its texts quote."""
        return quoted(self.text, self.reason)

    def subject(self) -> str:
        """Say what is proposed."""
        return self.text or words(self.code)

    def content(self, standing: Standing, setting: Setting) -> Json:
        """Return what the resource says."""
        focus = about.focus(standing)
        return {
            "instantiatesUri": [about.journey_url(standing)],
            "requisition": about.group(standing),
            "status": self.status,
            "intent": self.intent,
            "category": concepts(self.category) or None,
            "priority": self.priority,
            "code": concept(self.code, filled(self.text, standing)),
            "subject": about.patient(standing),
            "authoredOn": about.at(standing),
            "performer": [{"reference": self.performer}] if self.performer else None,
            "reasonCode": self._why(standing),
            "supportingInfo": [focus] if focus else None,
            "note": about.why(standing),
        }


class WriteCommunicationRequest(_Write):
    """CommunicationRequest (https://hl7.org/fhir/R4/communicationrequest.html): others are to tell them."""

    resource: Literal["CommunicationRequest"]
    text: str = Field(min_length=1, max_length=2000)
    """What the patient is to be told."""
    category: tuple[Coded, ...] = ()
    medium: tuple[Coded, ...] = ()
    """How."""
    status: Literal["draft", "active"] = "active"
    priority: Priority = "routine"
    sender: Reference | None = None

    @property
    def quoted(self) -> frozenset[str]:
        """Return what its texts quote."""
        return quoted(self.text, self.reason)

    def subject(self) -> str:
        """Say what they are to be told about."""
        return self.title or words((*self.category, "a message")[0])

    def content(self, standing: Standing, setting: Setting) -> Json:
        """Return what the resource says."""
        focus = about.focus(standing)
        return {
            "groupIdentifier": about.group(standing),
            "status": self.status,
            "category": concepts(self.category) or None,
            "priority": self.priority,
            "medium": concepts(self.medium) or None,
            "subject": about.patient(standing),
            "about": [focus] if focus else None,
            "payload": [{"contentString": filled(self.text, standing)}],
            "authoredOn": about.at(standing),
            "recipient": [about.patient(standing)],
            "sender": {"reference": self.sender} if self.sender else None,
            "reasonCode": self._why(standing),
            "note": about.why(standing),
        }


WriteStep = Annotated[
    WriteFlag | WriteServiceRequest | WriteCommunicationRequest, Field(discriminator="resource")
]
"""One of three, by `resource`."""
