"""Whom a published segment holds: its members by key, why somebody is among them; all as a FHIR Group."""

from __future__ import annotations

from typing import Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import Call, TheCall
from functions.admin.long_work import OperationState, accepted
from functions.admin.paging import Cursor, Limit, Page, cursor_of, place_of
from functions.admin.routes import Routes
from functions.admin.segments import SUMMARY, versions_of
from functions.admin.shapes import DefinitionId, Moment, PatientKey, moment_or_none
from shared.segment.clinical import may_be_seen
from shared.segment.explanation import Explanation
from shared.usecases.segments.members import Membership, explain

routes = Routes("segments")

_EXPLAINED: dict[str, Any] = {
    "segment": SUMMARY["segment"],
    "patient": "0f3a5b7c9d1e2f400f3a5b7c9d1e2f40",
    "member": True,
    "since": "2026-03-01T09:00:00Z",
    "next_change": None,
    "settled": True,
    "clinical": False,
    "reason": None,
    "criteria": [],
}


class Member(BaseModel):
    """Somebody who is in a segment."""

    patient: str = Field(description="Opaque key", examples=[_EXPLAINED["patient"]])


class Reason(BaseModel):
    """One criterion, and why it holds for the patient or does not."""

    depth: int = Field(examples=[0])
    criterion: str = Field(description="Its word in the definition", examples=["has"])
    holds: bool
    why: str = Field(examples=["HbA1c 9.1 % > 9 % on 2026-03-01"])
    facts: list[str] = Field(description="Resources that decide it", examples=[["Observation/7"]])


class Explained(BaseModel):
    """Whether a patient is in a segment, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXPLAINED]})

    segment: str
    patient: str
    member: bool = Field(description="As the record has it: what journeys go by")
    since: Moment | None
    next_change: Moment | None = Field(description="When it could change with no new data")
    settled: bool = Field(description="The criteria say the same now: nothing is still to be looked at")
    clinical: bool = Field(description="Reasons are told: by the caller's role, or by Break-Glass")
    reason: str | None = Field(description="Why, in a sentence; null where reasons are not told")
    criteria: list[Reason] = Field(description="Criterion by criterion; empty where reasons are not told")


@routes("listSegmentMembers")
async def list_segment_members(
    call: TheCall, segment: DefinitionId, limit: Limit = 50, cursor: Cursor = ""
) -> Page[Member]:
    """List the members' keys, in their order. Who has just entered or left may be missing for a moment.

    Whom a segment holds by clinical facts is for ClinicalUser.
    """
    url = (await versions_of(call, segment))[-1].url
    await _may_see(call, url, segment)
    place = place_of(cursor, segment)
    keys = await call.services.indexes.members(url, place, limit)
    await call.reads_each(keys, segment)
    more = cursor_of(keys[-1], segment) if len(keys) == limit else ""
    return Page(items=[Member(patient=key) for key in keys], next=more)


@routes("explainMembership")
async def explain_membership(call: TheCall, segment: DefinitionId, patient: PatientKey) -> Explained:
    """Say whether a patient is in a segment; why, to those who may see clinical facts.

    Of a segment that goes by clinical facts nobody else is told either whether the patient is in it.
    """
    url = (await versions_of(call, segment))[-1].url
    await _may_see(call, url, segment, patient)
    await call.reads(patient, segment)
    found = await explain(call.services, url, patient)
    return _explained(segment, patient, found, clinical=call.clinical)


@routes("writeSegmentGroup", status=202)
async def write_segment_group(call: TheCall, segment: DefinitionId, response: Response) -> OperationState:
    """Write the members to the FHIR server as a Group, or as Groups of 10000 in one.

    The result is `groups`: of each its reference, its version, and whether it changed.
    """
    url = (await versions_of(call, segment))[-1].url
    await call.begins("", segment)
    return await accepted(call, response, "write-segment-group", {"url": url})


async def _may_see(call: Call, url: str, segment: str, patient: str = "") -> None:
    """Refuse to tell who is in a segment that goes by clinical facts. Raises Refusal (clinical)."""
    segments = (await call.services.definitions.current()).segments
    if not may_be_seen(url, segments, clinical=call.clinical):
        told = "this segment goes by clinical facts, which are for ClinicalUser"
        await call.need_clinical(patient, segment, told=told)


def _explained(segment: str, patient: str, found: Membership, *, clinical: bool) -> Explained:
    return Explained(
        segment=segment,
        patient=patient,
        member=found.member,
        since=moment_or_none(found.since),
        next_change=moment_or_none(found.next_change),
        settled=found.settled,
        clinical=clinical,
        reason=found.explanation.why if clinical else None,
        criteria=[*_reasons(found.explanation, 0)] if clinical else [],
    )


def _reasons(explanation: Explanation, depth: int) -> list[Reason]:
    own = Reason(
        depth=depth,
        criterion=explanation.criterion,
        holds=explanation.holds,
        why=explanation.why,
        facts=[fact.reference for fact in explanation.facts],
    )
    return [own, *(reason for part in explanation.parts for reason in _reasons(part, depth + 1))]
