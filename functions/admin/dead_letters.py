"""Dead letters: files of events that Event Grid could not deliver; seen, replayed, thrown away."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, unquote

import orjson
from fastapi import Path, Response
from pydantic import BaseModel, Field

from functions.admin.call import TheCall
from functions.admin.long_work import OperationState, accepted
from functions.admin.paging import Cursor, Limit, Page, cursor_of, place_of
from functions.admin.problems import Refusal
from functions.admin.routes import Routes
from functions.admin.shapes import Body, Moment, Why, example, moment
from shared.errors import Rejected
from shared.usecases.dead_letters import files, look_into, read_file
from shared.usecases.operations.replaying import DEAD_LETTER
from shared.usecases.replay import Replayed, replay

routes = Routes("running")

type DeadLetterId = Annotated[
    str, Path(pattern="^[A-Za-z0-9._~=-]{1,200}$", description="Id of a file, as listDeadLetters gives it")
]


class DeadLetterState(BaseModel):
    """A file of dead letters."""

    model_config = example(
        dead_letter="topic~hearthline~2026~3~2~9~a.json",
        name="topic/hearthline/2026/3/2/9/a.json",
        size=2048,
        at="2026-03-02T09:00:00.000Z",
    )

    dead_letter: str = Field(description="Its id", examples=["topic~hearthline~2026~3~2~9~a.json"])
    name: str = Field(
        description="Topic, subscription and hour", examples=["topic/hearthline/2026/3/2/9/a.json"]
    )
    size: int = Field(description="In bytes", examples=[2048])
    at: Moment


class DeadLetterContent(BaseModel):
    """What is in a file: counts and ids, nothing that an event says."""

    model_config = example(
        dead_letter="topic~hearthline~2026~3~2~9~a.json",
        events=3,
        reasons={"MaxDeliveryAttemptsExceeded": 3},
        changes={"Observation updated": 3},
        ids=["cd1f0ab2"],
    )

    dead_letter: str
    events: int
    reasons: dict[str, int] = Field(
        description="Why they were given up, in Event Grid's words",
        examples=[{"MaxDeliveryAttemptsExceeded": 3}],
    )
    changes: dict[str, int] = Field(description="What they tell of", examples=[{"Observation updated": 3}])
    ids: list[str] = Field(description="Of the first hundred events", examples=[["cd1f0ab2"]])


class DeadLetters(Body):
    """Events as they stand in a dead-letter file."""

    events: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=5000,
        examples=[
            [
                {
                    "id": "cd1f0ab2",
                    "eventType": "Microsoft.HealthcareApis.FhirResourceCreated",
                    "topic": "/subscriptions/s/resourceGroups/g/providers/x/workspaces/w",
                    "subject": "w-fhir.fhir.azurehealthcareapis.com/Patient/p1",
                    "eventTime": "2026-03-02T09:00:00Z",
                    "dataVersion": "1",
                    "metadataVersion": "1",
                    "data": {
                        "resourceType": "Patient",
                        "resourceFhirAccount": "w-fhir.fhir.azurehealthcareapis.com",
                        "resourceFhirId": "p1",
                        "resourceVersionId": 1,
                    },
                    "deadLetterReason": "MaxDeliveryAttemptsExceeded",
                }
            ]
        ],
    )


class Taken(BaseModel):
    """What came of events that were sent along."""

    model_config = example(events=3, queued=2, ignored={"unkept-type": 1})

    events: int = Field(examples=[3])
    queued: int = Field(description="Changes that are looked at again", examples=[3])
    ignored: dict[str, int] = Field(description="Events that were not queued, by code", examples=[{}])


@routes("listDeadLetters")
async def list_dead_letters(call: TheCall, limit: Limit = 50, cursor: Cursor = "") -> Page[DeadLetterState]:
    """List the files, by topic and hour; a page may be empty and not the last."""
    found, following = await files(call.services).page(place_of(cursor), limit)
    shown = [
        DeadLetterState(dead_letter=_id(each.name), name=each.name, size=each.size, at=moment(each.at))
        for each in found
    ]
    return Page(items=shown, next=cursor_of(following) if following else "")


@routes("getDeadLetter")
async def get_dead_letter(call: TheCall, dead_letter: DeadLetterId) -> DeadLetterContent:
    """Say what is in a file."""
    try:
        found = await look_into(call.services, _name(dead_letter))
    except Rejected as rejected:
        raise _refused(rejected) from None
    return DeadLetterContent(
        dead_letter=dead_letter,
        events=found.events,
        reasons=found.reasons,
        changes=found.changes,
        ids=list(found.ids),
    )


@routes("replayDeadLetter", status=202)
async def replay_dead_letter(call: TheCall, dead_letter: DeadLetterId, response: Response) -> OperationState:
    """Queue the events of a file as if they came now; to do it twice changes nothing more."""
    name = _name(dead_letter)
    await read_file(call.services, name)
    await call.begins("", "dead-letter", dead_letter)
    return await accepted(call, response, DEAD_LETTER, {"name": name})


@routes("takeDeadLetters")
async def take_dead_letters(call: TheCall, body: DeadLetters) -> Taken:
    """Queue events that somebody has in a file of their own; to do it twice changes nothing more."""
    await call.begins("", "dead-letters")
    try:
        done = await replay(call.services, orjson.dumps(body.events))
    except Rejected as rejected:
        raise _refused(rejected) from None
    return _taken(done)


@routes("purgeDeadLetter", status=204)
async def purge_dead_letter(call: TheCall, dead_letter: DeadLetterId, body: Why) -> None:
    """Throw a file away; the account's soft delete brings it back for some days."""
    name = _name(dead_letter)
    await call.begins("", "dead-letter", dead_letter, why=body.reason)
    await files(call.services).delete(name)


def _refused(rejected: Rejected) -> Refusal:
    """Return a refusal of what is no dead letter: only a file that is not there is 404."""
    status = 404 if rejected.code == "unknown-dead-letter" else 422
    return Refusal(status, rejected.code, rejected.reason)


def _taken(done: Replayed) -> Taken:
    ignored: dict[str, int] = {}
    for each in done.ignored:
        ignored[each.code] = ignored.get(each.code, 0) + 1
    return Taken(events=done.events, queued=done.queued, ignored=ignored)


def _id(name: str) -> str:
    """Write a name as one segment of an address: "~" for "/", "=2F" and the like for what is no letter."""
    return quote(name, safe="/").replace("~", "%7E").replace("%", "=").replace("/", "~")


def _name(dead_letter: str) -> str:
    """Read an id. Raises Refusal for one that names no file."""
    try:
        name = unquote(dead_letter.replace("~", "/").replace("=", "%"), errors="strict")
    except ValueError:
        name = ""
    if not name or not name.isprintable() or ".." in name:
        raise Refusal(404, "unknown-dead-letter", "there is no such file of dead letters")
    return name
