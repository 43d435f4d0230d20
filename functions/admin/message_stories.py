"""The story of a message as the API tells it: its words, each try, and what happened in order."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.admin.message_shapes import (
    JOURNEY_EXAMPLE,
    MESSAGE_EXAMPLE,
    PATIENT_EXAMPLE,
    TEMPLATE_EXAMPLE,
    DefinitionNamed,
    definition_named,
)
from functions.admin.shapes import Moment, moment, moment_or_none
from shared.patient.state import Call, Message
from shared.usecases.evidence.story import Happening, Story

_DETAIL: dict[str, Any] = {
    "message": MESSAGE_EXAMPLE,
    "status": "completed",
    "status_reason": "",
    "code": "",
    "delivery": "delivered",
    "channel": "sms",
    "to": "+15550100",
    "party": "",
    "language": "en",
    "purpose": "care",
    "topic": "screening",
    "subject": "",
    "text": "Hello Ann",
    "created": "2026-03-02T09:00:00Z",
    "due": "2026-03-02T09:00:00Z",
    "first_sent": "2026-03-02T09:00:00Z",
    "delivery_at": "2026-03-02T09:00:07Z",
    "provider_id": "Outgoing_1",
    "journey": JOURNEY_EXAMPLE,
    "step": "invite",
    "enrolment": "0e7c0f7e-30f1-5a55-8d5c-6d8f4a1e9b11",
    "template": TEMPLATE_EXAMPLE,
    "about": "Appointment/1",
    "looked_at": ["Patient/1|3"],
    "calls": [],
}


class Try(BaseModel):
    """One try to hand a message to its provider."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "at": "2026-03-02T09:00:00Z",
                    "answered": "2026-03-02T09:00:01Z",
                    "outcome": "accepted",
                    "code": "",
                    "reason": "",
                    "provider_id": "Outgoing_1",
                    "looked_at": ["Patient/1|3"],
                }
            ]
        }
    )

    at: Moment
    answered: Moment | None
    outcome: Literal["", "accepted", "refused", "deferred", "unknown"]
    code: str
    reason: str
    provider_id: str
    looked_at: list[str] = Field(description="What was read right before, with versions")


class MessageDetail(BaseModel):
    """A message, with its words and where it went."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DETAIL]})

    message: str
    status: Literal["preparation", "in-progress", "completed", "not-done", "unknown"]
    status_reason: str
    code: str
    delivery: Literal["", "sent", "failed", "delivered", "opened", "clicked", "complained"]
    channel: str
    to: str = Field(description="The contact point")
    party: str = Field(description='Whom it goes to: "RelatedPerson/1", or "" for the patient')
    language: str
    purpose: str
    topic: str
    subject: str
    text: str
    created: Moment
    due: Moment
    first_sent: Moment | None
    delivery_at: Moment | None
    provider_id: str
    journey: DefinitionNamed | None
    step: str
    enrolment: str
    template: DefinitionNamed
    about: str = Field(description="The resource it is about; withheld where that is clinical")
    looked_at: list[str]
    calls: list[Try]


class Happened(BaseModel):
    """One thing that happened."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "at": "2026-03-02T09:00:00Z",
                    "kind": "message",
                    "text": "Sent by SMS",
                    "refs": [MESSAGE_EXAMPLE],
                    "message": MESSAGE_EXAMPLE,
                    "withheld": False,
                }
            ]
        }
    )

    at: Moment
    kind: str = Field(
        description="fact, segment, journey, message, inbound, fault, call, answer, choice, unusable"
    )
    text: str
    refs: list[str]
    message: str = Field(description="Id of the message that it is about")
    withheld: bool = Field(description="Why, or what it is about, is clinical and was left out")


class DecidedBy(BaseModel):
    """A definition that something was decided by."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"canonical": "https://hearthline.example/templates/screening-invitation|1.0.0", "digest": ""}
            ]
        }
    )

    canonical: str
    digest: str = Field(description="Of its content; empty where it is not published")


class MessageStory(BaseModel):
    """How a message came about and what became of it, in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "patient": PATIENT_EXAMPLE,
                    "reference": "Patient/1",
                    "catalogue": "4-0d5c8b5e6a1f4a3b",
                    "erased": None,
                    "message": _DETAIL,
                    "happenings": [],
                    "definitions": [],
                }
            ]
        }
    )

    patient: str
    reference: str = Field(description='"Patient/1"; empty of somebody who was erased')
    catalogue: str = Field(description="By which the record was looked at last")
    erased: Moment | None
    message: MessageDetail
    happenings: list[Happened]
    definitions: list[DecidedBy]


def story_shown(story: Story) -> MessageStory:
    """Return the story of one message."""
    (message,) = story.messages
    return MessageStory(
        patient=story.key,
        reference=story.patient,
        catalogue=story.catalogue,
        erased=moment_or_none(story.erased),
        message=message_shown(message),
        happenings=[happening_shown(each) for each in story.happenings],
        definitions=[DecidedBy(canonical=each.canonical, digest=each.digest) for each in story.definitions],
    )


def message_shown(message: Message) -> MessageDetail:
    """Return a message with its words."""
    return MessageDetail(
        message=message.message_id,
        status=message.status,
        status_reason=message.status_reason,
        code=message.code,
        delivery=message.delivery,
        channel=message.channel,
        to=message.to,
        party=message.party,
        language=message.language,
        purpose=message.purpose,
        topic=message.topic,
        subject=message.subject,
        text=message.text,
        created=moment(message.created),
        due=moment(message.due),
        first_sent=moment_or_none(message.first_sent),
        delivery_at=moment_or_none(message.delivery_at),
        provider_id=message.provider_id,
        journey=definition_named("journey", message.journey) if message.journey else None,
        step=message.step,
        enrolment=message.enrolment_id,
        template=definition_named("template", message.template),
        about=message.focus,
        looked_at=list(message.looked_at),
        calls=[_try(each) for each in message.calls],
    )


def _try(call: Call) -> Try:
    return Try(
        at=moment(call.at),
        answered=moment_or_none(call.answered),
        outcome=call.outcome,
        code=call.code,
        reason=call.reason,
        provider_id=call.provider_id,
        looked_at=list(call.looked_at),
    )


def happening_shown(happening: Happening) -> Happened:
    """Return one thing that happened."""
    return Happened(
        at=moment(happening.at),
        kind=happening.kind,
        text=happening.text,
        refs=list(happening.refs),
        message=happening.message,
        withheld=happening.withheld,
    )
