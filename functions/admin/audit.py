"""The audit trail: who read and changed what, the proof that it is whole, its way to the FHIR server.

Reading it is noted too: whoever looks at who looked at a patient learns something of that patient.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from functions.admin.call import TheCall
from functions.admin.long_work import OperationState, accepted
from functions.admin.paging import Cursor, Limit, Page, cursor_of, place_of
from functions.admin.problems import Refusal
from functions.admin.routes import Routes
from functions.admin.shapes import Moment, instant_of, moment
from shared.fhir.instants import Instant
from shared.usecases.trail.export import EXPORT
from shared.usecases.trail.listing import Listed, Place, Wanted, list_entries
from shared.usecases.trail.verify import VERIFY

routes = Routes("audit")

_EXAMPLE: JsonDict = {
    "at": "2026-03-02T09:00:00Z",
    "lane": 3,
    "number": 1207,
    "digest": "9f2c1b7a5e0d4c3b9f2c1b7a5e0d4c3b9f2c1b7a5e0d4c3b9f2c1b7a5e0d4c3b",
    "genuine": True,
    "request": "5b1f0a52-7d6c-4d0e-8f64-0c1f2a3b4c5d",
    "operation": "getPatient",
    "kind": "read",
    "outcome": "done",
    "by": "0d5c8b5e-6a1f-4a3b-9f55-3d7a1f6a2b10",
    "roles": ["Agent"],
    "patient": "6f1e0c6b9d3a4b7c8e2f1a0b9c8d7e6f",
    "about": [],
    "why": "The caller asks about a letter",
    "glass": True,
    "before": "",
    "after": "",
    "address": "198.51.100.7",
}


class AuditItem(BaseModel):
    """An entry of the audit trail."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    at: Moment
    lane: int = Field(description="Which chain it is in")
    number: int = Field(description="Its number there: without gaps")
    digest: str = Field(description="Of it and of the entry before it")
    genuine: bool = Field(description="It is as it was written; that none is missing, verifyAudit proves")
    request: str = Field(description="Joins the entries of one request; X-Request-Id of its answer")
    operation: str = Field(description="What was called")
    kind: Literal["read", "change"]
    outcome: Literal["begun", "done", "failed", "refused"] = Field(
        description="A read is done before anything is shown; a change is begun, then done or failed"
    )
    by: str = Field(description="Opaque id of the person or application")
    roles: list[str]
    patient: str = Field(description="Opaque key of whom it was about, or empty")
    about: list[str] = Field(description="What else it was about: names of definitions, ids")
    why: str = Field(description="The reason that was given")
    glass: bool = Field(description="The glass was broken: more was shown than the role shows")
    before: str = Field(description="Digest of what was there")
    after: str = Field(description="Digest of what is there now")
    address: str = Field(description="Where the request came from, as a proxy told")


type AuditOutcome = Literal["begun", "done", "failed", "refused"]
type OpaquePatient = Annotated[
    str, Query(pattern="^([0-9a-f]{32})?$", description="Opaque key of a patient: what was done about them")
]
type ByWhom = Annotated[str, Query(max_length=200, description="Opaque id of a caller")]
type OfOperation = Annotated[str, Query(max_length=100, description="Name of an operation: getPatient")]
type At = Annotated[str, Query(max_length=40, description="ISO 8601: 2026-03-02T09:00:00Z")]


@routes("listAudit")
async def list_audit(
    call: TheCall,
    patient: OpaquePatient = "",
    by: ByWhom = "",
    operation: OfOperation = "",
    outcome: AuditOutcome | None = None,
    glass: bool | None = None,
    since: At = "",
    until: At = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[AuditItem]:
    """List entries, the latest first, `since` an instant and before `until`.

    By patient or caller an index is read, however long the trail is. With the other filters a page looks at
    2000 entries at most: it may be short, or empty, though `next` leads on.
    """
    wanted = Wanted(
        patient, by, operation, outcome or "", glass, _instant(since, "since"), _instant(until, "until")
    )
    told = (patient, by, operation, outcome, glass, since, until)
    place = _place(place_of(cursor, *told))
    await call.reads(patient, *(f"by {by}",) * bool(by))
    found, following = await list_entries(call.services.trail, wanted, place, limit)
    more = cursor_of(f"{following.stamp}:{following.lane}", *told) if following else ""
    return Page(items=[_item(each) for each in found], next=more)


@routes("verifyAudit", status=202)
async def verify_audit(call: TheCall, response: Response) -> OperationState:
    """Begin to prove it; the operation's result says whether it is `sound`, and else the first fault."""
    await call.begins("", VERIFY)
    return await accepted(call, response, VERIFY, {})


@routes("exportAudit", status=202)
async def export_audit(call: TheCall, response: Response) -> OperationState:
    """Begin to write what was appended since the last export; the result says how many entries."""
    await call.begins("", EXPORT)
    return await accepted(call, response, EXPORT, {})


def _instant(text: str, where: str) -> Instant | None:
    return instant_of(text, f"query.{where}") if text else None


def _place(text: str) -> Place | None:
    stamp, _, lane = text.partition(":")
    if not text:
        return None
    if not (stamp.isdecimal() and lane.isdecimal() and len(stamp) < 19 and len(lane) < 4):
        raise Refusal(400, "bad-cursor", "the cursor is none that was given here")
    return Place(int(stamp), int(lane))


def _item(listed: Listed) -> AuditItem:
    link, entry = listed.link, listed.entry
    if entry is None:
        return _unreadable(listed)
    return AuditItem(
        at=moment(entry.at),
        lane=link.lane,
        number=link.number,
        digest=link.digest,
        genuine=listed.genuine,
        request=entry.request,
        operation=entry.operation,
        kind=entry.kind,
        outcome=entry.outcome,
        by=entry.by,
        roles=list(entry.roles),
        patient=entry.patient,
        about=list(entry.about),
        why=entry.why,
        glass=entry.glass,
        before=entry.before,
        after=entry.after,
        address=entry.address,
    )


def _unreadable(listed: Listed) -> AuditItem:
    """Show that somebody wrote something else over an entry."""
    link = listed.link
    return AuditItem(
        at=moment(Instant(link.stamp)),
        lane=link.lane,
        number=link.number,
        digest=link.digest,
        genuine=False,
        request="",
        operation="",
        kind="read",
        outcome="failed",
        by="",
        roles=[],
        patient="",
        about=[],
        why="this entry cannot be read: something else was written over it",
        glass=False,
        before="",
        after="",
        address="",
    )
