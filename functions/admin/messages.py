"""Messages: those that need somebody, the story of one, and what staff found out of one."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import TheCall
from functions.admin.long_work import OperationState, accepted
from functions.admin.message_shapes import MessageNeed, need_shown
from functions.admin.message_stories import MessageStory, story_shown
from functions.admin.paging import Cursor, Limit, Page, cursor_of, place_of
from functions.admin.patient_encoded import sight_of
from functions.admin.problems import Refusal
from functions.admin.routes import Routes
from functions.admin.shapes import Body, PatientKey, Reason, definition_id, instant_of
from shared.events import OutcomeSaid
from shared.ports import Documents
from shared.usecases.evidence.story import of_message_of
from shared.usecases.evidence.withheld import as_seen
from shared.usecases.messages import resolve
from shared.usecases.privacy.reads import Noted
from shared.usecases.shelf import load_shelf

routes = Routes("messages")

type NeedState = Literal["unknown", "not-done", "failed", "waiting"]
type Channel = Literal["sms", "email", "whatsapp", "letter", "push"]
type MessageId = Annotated[
    str, Path(pattern="^[0-9A-Za-z-]{1,64}$", description="Id of a message, as lists give it")
]
type AJourney = Annotated[
    str, Query(pattern="^([0-9a-f]{32})?$", description="Id of a journey, as listJourneys gives it")
]
type AnInstant = Annotated[str, Query(max_length=40, examples=["2026-03-02T09:00:00Z"])]

_PLACE = re.compile(r"[0-9]{20}-[0-9A-Za-z-]{1,64}|")
_STATES = """`unknown`: it may have been sent, and is never repeated until somebody says what became of it.
`not-done`: the provider refused it, or could not be had for too long. `failed`: it was sent, and is reported
not to have arrived. `waiting`: it was tried twice or more in vain, and will be tried again."""


class FindMessage(Body):
    """Which message is looked for."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"message": "5b0e2a8e-5a0a-5c52-9d0f-3f1c7c1b2a10"}]}
    )

    message: str = Field(pattern="^[0-9A-Za-z-]{1,64}$")


class Outcome(Body):
    """What somebody found out of a message."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"sent": True, "reason": "the provider's log shows it"}]}
    )

    sent: bool = Field(description="It went out; false: it never did")
    reason: Reason


class Resolved(BaseModel):
    """How a message stands once somebody has said what became of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"message": "5b0e2a8e-5a0a-5c52-9d0f-3f1c7c1b2a10", "status": "completed"}]
        }
    )

    message: str
    status: Literal["completed", "not-done"]


@routes("listMessages")
async def list_messages(
    call: TheCall,
    state: Annotated[NeedState, Query(description=_STATES)] = "unknown",
    channel: Annotated[Channel | None, Query(description="Only those by this channel")] = None,
    journey: AJourney = "",
    since: AnInstant = "",
    until: AnInstant = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[MessageNeed]:
    """List the messages that need somebody, the newest first: made at `since` or later, before `until`."""
    filters = (state, channel, journey, since, until)
    place = place_of(cursor, *filters)
    if not _PLACE.fullmatch(place):
        raise Refusal(400, "bad-cursor", "the cursor is none that was given here")
    rows = await call.services.indexes.needs(
        state,
        channel=channel or "",
        journey=await _journey_url(call.services.documents, journey) if journey else "",
        since=instant_of(since, "query.since") if since else None,
        until=instant_of(until, "query.until") if until else None,
        after=place,
        limit=limit,
    )
    await call.reads_each((row.key for row in rows), state)
    more = cursor_of(rows[-1].place, *filters) if len(rows) == limit else ""
    return Page(items=[need_shown(row) for row in rows], next=more)


@routes("findMessage", status=202)
async def find_message(call: TheCall, response: Response, asked: FindMessage) -> OperationState:
    """Find out whose message it is; the result of the operation has the patient's key."""
    await call.reads("", asked.message)
    return await accepted(call, response, "find-message", {"message": asked.message})


@routes("getMessageStory")
async def get_message_story(call: TheCall, patient: PatientKey, message: MessageId) -> MessageStory:
    """Tell a message's story in order: what was decided and why, each try, each report, reply and choice.

    Reasons that quote clinical facts are left out for those who may not see them, words for those who do not
    talk with patients.
    """
    await call.reads(patient, message)
    story = await of_message_of(call.services, patient, message, Noted(call.caller.subject))
    catalogue = await call.services.definitions.current(story.catalogue)
    return story_shown(as_seen(story, sight_of(call, catalogue)))


@routes("resolveMessage")
async def resolve_message(
    call: TheCall, patient: PatientKey, message: MessageId, outcome: Outcome
) -> Resolved:
    """Say what became of a message of unknown outcome; one that was settled so already stays as it is."""
    await call.begins(patient, message, why=outcome.reason, before="unknown")
    said = OutcomeSaid(message, outcome.sent, call.caller.subject, outcome.reason)
    done = await resolve(call.services, patient, said)
    call.changed(done.status)
    return Resolved(message=message, status="completed" if done.status == "completed" else "not-done")


async def _journey_url(documents: Documents, wanted: str) -> str:
    """Return the url of a journey by its id. Raises Refusal for one that is not published."""
    shelf, _ = await load_shelf(documents)
    for name in shelf.documents:
        kind, _, canonical = name.partition(" ")
        url = canonical.rpartition("|")[0]
        if kind == "journey" and definition_id("journey", url) == wanted:
            return url
    raise Refusal(422, "no-journey", "query.journey must be the id of a journey that is published")
