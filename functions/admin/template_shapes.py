"""Templates as the API tells of them: lists, one version, how its approval stands, previews."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.admin.shapes import Moment, definition_id, moment
from shared.message.approval import Move
from shared.message.segments_sms import sms_size
from shared.usecases.templates.rendering import Previewed
from shared.usecases.templates.shown import TemplateShown

type Purpose = Literal["care", "operations", "marketing", "research"]
type Channel = Literal["sms", "email", "whatsapp", "letter", "push"]
type ApprovalStatus = Literal["draft", "submitted", "approved"]

TEMPLATE: dict[str, Any] = {
    "url": "https://hearthline.example/templates/opening-hours",
    "version": "1.0.0",
    "title": "Opening hours",
    "purpose": "marketing",
    "topic": "offers",
    "channels": {
        "sms": {"text": {"en": "{{ organisation.name }}: new opening hours. Reply STOP to opt out."}}
    },
}
"""The example of a template."""
_DIGEST = "b2c9d6a0f4f34c0d8a5e6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f80912"
SUMMARY: dict[str, Any] = {
    "template": definition_id("template", TEMPLATE["url"]),
    "url": TEMPLATE["url"],
    "version": "1.0.0",
    "title": "Opening hours",
    "purpose": "marketing",
    "topic": "offers",
    "channels": {"sms": ["en"]},
    "approval": "submitted",
    "published_in": None,
}
_MOVE: dict[str, Any] = {
    "action": "submit",
    "at": "2026-03-02T09:00:00Z",
    "by": "0d5c8b5e-6a1f-4a3b-9f55-3d7a1f6a2b10",
    "role": "Marketer",
    "reason": "",
}
_PREVIEWED: dict[str, Any] = {
    "channel": "sms",
    "language": "en",
    "fault": "",
    "subject": "",
    "text": "Riverside Clinic: new opening hours. Reply STOP to opt out.",
    "html": "",
    "headers": {},
    "attachments": [],
    "approved": "",
    "approved_language": "",
    "parameters": [],
    "parts": 1,
    "units": 58,
    "encoding": "GSM-7",
}


class TemplateSummary(BaseModel):
    """A version of a template."""

    model_config = ConfigDict(json_schema_extra={"examples": [SUMMARY]})

    template: str = Field(description="Id of the template in addresses, whichever version")
    url: str
    version: str
    title: str
    purpose: Purpose
    topic: str
    channels: dict[str, list[str]] = Field(description="Languages that it is written in, by channel")
    approval: ApprovalStatus = Field(description="How the approval of this version stands")
    published_in: int | None = Field(description="Number of the publication in which it came, if it is")


class ApprovalMove(BaseModel):
    """One thing that somebody did with a template."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MOVE]})

    action: Literal["submit", "approve", "reject"]
    at: Moment
    by: str = Field(description="Opaque id")
    role: str
    reason: str


class TemplateDetail(TemplateSummary):
    """A version of a template as its author wrote it, and what was done with it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **SUMMARY,
                    "content": TEMPLATE,
                    "digest": _DIGEST,
                    "submitted": _DIGEST,
                    "moves": [_MOVE],
                    "versions": ["1.0.0"],
                }
            ]
        }
    )

    content: dict[str, Any] = Field(description="See definitions/schemas/template.json")
    digest: str = Field(description="Of `content`")
    submitted: str = Field(description="Digest of what was handed in last: only that can be approved")
    moves: list[ApprovalMove] = Field(description="The oldest first")
    versions: list[str] = Field(description="All that there are, the latest last")


class TemplateStanding(BaseModel):
    """How the approval of a version stands now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "template": SUMMARY["template"],
                    "url": TEMPLATE["url"],
                    "version": "1.0.0",
                    "approval": "submitted",
                    "digest": _DIGEST,
                }
            ]
        }
    )

    template: str
    url: str
    version: str
    approval: ApprovalStatus
    digest: str = Field(description="Of what was handed in last")


class PreviewedFile(BaseModel):
    """A file that goes with an email."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "appointment.ics", "media_type": "text/calendar", "bytes": 400}]
        }
    )

    name: str
    media_type: str
    bytes: int


class PreviewedMessage(BaseModel):
    """One message, or why there would be none."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PREVIEWED]})

    channel: Channel
    language: str
    fault: str = Field(description="Why it cannot be sent; empty where it can")
    subject: str
    text: str
    html: str = Field(description="To be shown in a frame in which nothing runs (iframe sandbox)")
    headers: dict[str, str]
    attachments: list[PreviewedFile]
    approved: str = Field(description="Name of the WhatsApp template that is sent in place of `text`")
    approved_language: str
    parameters: list[str] = Field(description="What goes into the places of that")
    parts: int | None = Field(description="Of an SMS, how many it is sent in")
    units: int | None = Field(description="Of an SMS, how long it is in its encoding")
    encoding: str = Field(description="Of an SMS")


class TemplatePreview(BaseModel):
    """What a template says to somebody who does not exist."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"messages": [_PREVIEWED]}]})

    messages: list[PreviewedMessage] = Field(description="By channel and language")


def summary_of(shown: TemplateShown) -> dict[str, Any]:
    """Return the fields of a summary."""
    return {
        "template": definition_id("template", shown.url),
        "url": shown.url,
        "version": shown.version,
        "title": str(shown.body.get("title", shown.url)),
        "purpose": shown.body.get("purpose", "care"),
        "topic": str(shown.body.get("topic", "")),
        "channels": {name: list(languages) for name, languages in shown.languages.items()},
        "approval": shown.approval.status,
        "published_in": shown.publication,
    }


def detail_of(shown: TemplateShown, versions: tuple[str, ...]) -> TemplateDetail:
    """Return a version with all there is to say of it."""
    return TemplateDetail(
        **summary_of(shown),
        content=dict(shown.body),
        digest=shown.digest,
        submitted=shown.approval.digest,
        moves=[_move(each) for each in shown.approval.moves],
        versions=list(versions),
    )


def _move(move: Move) -> ApprovalMove:
    return ApprovalMove(
        action=move.action, at=moment(move.at), by=move.by, role=move.role, reason=move.reason
    )


def previewed(each: Previewed) -> PreviewedMessage:
    """Return one message of a preview."""
    made = each.rendered
    size = sms_size(made.text) if made is not None and each.channel == "sms" else None
    return PreviewedMessage(
        channel=each.channel,  # type: ignore[arg-type] # those that a template may be written for
        language=each.language,
        fault=each.fault,
        subject=made.subject if made else "",
        text=made.text if made else "",
        html=made.html if made else "",
        headers=dict(made.headers) if made else {},
        attachments=[
            PreviewedFile(name=file.name, media_type=file.media_type, bytes=len(file.content))
            for file in (made.attachments if made else ())
        ],
        approved=made.approved if made else "",
        approved_language=made.approved_language if made else "",
        parameters=list(made.parameters) if made else [],
        parts=size.segments if size else None,
        units=size.units if size else None,
        encoding=size.encoding if size else "",
    )
