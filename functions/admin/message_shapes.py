"""Messages that need somebody, as the API tells of them; and the definitions that messages go by."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.admin.shapes import Moment, definition_id, moment
from shared.document import Kind
from shared.fhir.canonical import split_canonical
from shared.ports.needs import NeedRow

JOURNEY_EXAMPLE: dict[str, Any] = {
    "id": "6f0c1c0f2b0e5d0c9f1b7f7f3a0d4c11",
    "url": "https://hearthline.example/journeys/diabetes-outreach",
    "version": "1.0.0",
}
TEMPLATE_EXAMPLE: dict[str, Any] = {
    "id": "0a7d4f0c9b2e5d0c9f1b7f7f3a0d4c22",
    "url": "https://hearthline.example/templates/screening-invitation",
    "version": "1.0.0",
}
PATIENT_EXAMPLE = "1f0e2a8e5a0a5c529d0f3f1c7c1b2a10"
MESSAGE_EXAMPLE = "5b0e2a8e-5a0a-5c52-9d0f-3f1c7c1b2a10"


class DefinitionNamed(BaseModel):
    """A definition that something goes by."""

    model_config = ConfigDict(json_schema_extra={"examples": [JOURNEY_EXAMPLE]})

    id: str = Field(description="Its id in addresses, whichever version")
    url: str
    version: str


class MessageNeed(BaseModel):
    """A message that needs somebody: ids, and no word of what it says or to whom it goes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "patient": PATIENT_EXAMPLE,
                    "message": MESSAGE_EXAMPLE,
                    "state": "unknown",
                    "code": "no-outcome",
                    "channel": "sms",
                    "journey": JOURNEY_EXAMPLE,
                    "template": TEMPLATE_EXAMPLE,
                    "created": "2026-03-02T09:00:00Z",
                    "since": "2026-03-02T09:15:00Z",
                }
            ]
        }
    )

    patient: str = Field(description="Opaque key of the patient")
    message: str
    state: Literal["unknown", "not-done", "failed", "waiting"]
    code: str = Field(description="What kind of failure it is; empty where the story alone tells")
    channel: str
    journey: DefinitionNamed | None = Field(description="None for answers to what people wrote")
    template: DefinitionNamed
    created: Moment
    since: Moment = Field(description="Since when it needs somebody")


def need_shown(row: NeedRow) -> MessageNeed:
    """Return a row of the list."""
    need = row.need
    return MessageNeed(
        patient=row.key,
        message=row.message_id,
        state=need.state,  # type: ignore[arg-type] # one of NEEDS, as only those are asked for
        code=need.code,
        channel=need.channel,
        journey=definition_named("journey", need.journey) if need.journey else None,
        template=definition_named("template", need.template),
        created=moment(need.created),
        since=moment(need.since),
    )


def definition_named(kind: Kind, name: str) -> DefinitionNamed:
    """Return a definition by its canonical name."""
    url, version = split_canonical(name)
    return DefinitionNamed(id=definition_id(kind, url), url=url, version=version)
