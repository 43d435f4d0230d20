"""Segments as they are published: list, read, versions; whom they hold, why, and as a FHIR Group."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import Call, TheCall
from functions.admin.definitions import SEGMENT
from functions.admin.etags import etag_of, tell_etag
from functions.admin.long_work import OperationState, accepted
from functions.admin.paging import Cursor, Limit, Page, cursor_of, paged, place_of
from functions.admin.routes import Routes
from functions.admin.shapes import DefinitionId, Moment, PatientKey, definition_id, moment_or_none
from shared.access.cells import sees_people
from shared.access.small_cells import told
from shared.errors import Rejected
from shared.naming import named
from shared.segment.compile import references
from shared.segment.definition import parse_segment
from shared.segment.explanation import Explanation
from shared.segment.wording import lines
from shared.usecases.library import Published, library
from shared.usecases.segments.members import Membership, count_members, explain

routes = Routes("segments")

type Versions = tuple[Published, ...]
type Sort = Literal["title", "url", "-published"]
type AVersion = Annotated[str, Query(max_length=100, description="A published version; none: the latest")]

_URL = str(SEGMENT["url"])
_SUMMARY: dict[str, Any] = {
    "segment": definition_id("segment", _URL),
    "url": _URL,
    "version": "1.0.0",
    "title": "Adults",
    "description": "Patients of 18 years or more.",
    "owner": "clinical-quality",
    "tags": ["population"],
    "published_in": 3,
}
_EXPLAINED: dict[str, Any] = {
    "segment": _SUMMARY["segment"],
    "patient": "0f3a5b7c9d1e2f400f3a5b7c9d1e2f40",
    "member": True,
    "since": "2026-03-01T09:00:00Z",
    "next_change": None,
    "settled": True,
    "clinical": False,
    "reason": None,
    "criteria": [],
}


class SegmentSummary(BaseModel):
    """The latest version of a segment."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SUMMARY]})

    segment: str = Field(description="Id of the segment in addresses, whichever version")
    url: str
    version: str
    title: str
    description: str
    owner: str
    tags: list[str]
    published_in: int = Field(description="Number of the publication in which this version came")


class Sentence(BaseModel):
    """One criterion in words."""

    depth: int = Field(description="0 at the top, 1 for what lies in that", examples=[0])
    text: str = Field(examples=["age at least 18"])


class MembersNow(BaseModel):
    """How many members there are; 1 to 10 are null for who may not see people."""

    count: int | None = Field(examples=[812])
    more: bool = Field(description="There are more than were counted")
    as_of: Moment | None = Field(
        None, description="Counted by the latest run over everybody, which ended then; null: just now"
    )


class SegmentDetail(SegmentSummary):
    """A version of a segment as its author wrote it, and in words."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_SUMMARY,
                    "definition": SEGMENT,
                    "criteria": [{"depth": 0, "text": "age at least 18"}],
                    "timed": True,
                    "segments": [],
                    "value_sets": [],
                    "versions": ["1.0.0"],
                    "members": {"count": 812, "more": False, "as_of": None},
                }
            ]
        }
    )

    definition: dict[str, Any] = Field(description="See definitions/schemas/segment.json")
    criteria: list[Sentence]
    timed: bool = Field(description="Time alone can change who is in it")
    segments: list[str] = Field(description="Urls of the segments that it refers to")
    value_sets: list[str] = Field(description="Value sets and lists that it names: url, or url|version")
    versions: list[str] = Field(description="All that are published, the latest last")
    members: MembersNow | None = Field(None, description="Where `count` asks for it")


class SegmentVersion(BaseModel):
    """A version of a segment."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"version": "1.0.0", "title": "Adults", "published_in": 3, "latest": True}]
        }
    )

    version: str
    title: str
    published_in: int = Field(description="Number of the publication in which it came")
    latest: bool = Field(description="It is the one that has members")


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


@routes("listSegments")
async def list_segments(
    call: TheCall,
    limit: Limit = 50,
    cursor: Cursor = "",
    tag: Annotated[str, Query(max_length=200, description="Only those with this tag")] = "",
    text: Annotated[str, Query(max_length=200, description="Only those whose title or url has it")] = "",
    sort: Annotated[Sort, Query(description="-published: what came last first")] = "title",
) -> Page[SegmentSummary]:
    """List the latest version of each segment that is published."""
    shelf = (await library(call.services.documents)).of("segment")
    found = [_summary(versions[-1]) for versions in shelf.values()]
    meant = [each for each in found if _is_meant(each, tag, text.casefold())]
    placed = sorted(meant, key=lambda each: _place(each, sort))
    return paged(placed, limit, cursor, lambda each: _place(each, sort), tag, text, sort)


@routes("getSegment")
async def get_segment(
    call: TheCall,
    segment: DefinitionId,
    response: Response,
    version: AVersion = "",
    count: Annotated[bool, Query(description="Count the members")] = False,
) -> SegmentDetail:
    """Read a version of a segment, as it was written and in words."""
    versions = await _versions(call, segment)
    found = _one_of(versions, version)
    definition = parse_segment(found.document.body, found.document.where)
    compiled = (await call.services.definitions.current()).segments.get(found.url)
    tell_etag(response, etag_of([found.digest, [each.version for each in versions]]))
    return SegmentDetail(
        **_summary(found).model_dump(),
        definition=found.document.body,
        criteria=[Sentence(depth=line.depth, text=line.text) for line in lines(definition)],
        timed=compiled is not None and compiled.timed,
        segments=sorted(set(references(definition.criteria))),
        value_sets=sorted({*named(definition)}),
        versions=[each.version for each in versions],
        members=await _members(call, found.url) if count else None,
    )


@routes("listSegmentVersions")
async def list_segment_versions(
    call: TheCall, segment: DefinitionId, limit: Limit = 50, cursor: Cursor = ""
) -> Page[SegmentVersion]:
    """List all versions that are published, the earliest publication first."""
    versions = await _versions(call, segment)
    shown = [
        SegmentVersion(
            version=each.version,
            title=each.title,
            published_in=each.publication,
            latest=each is versions[-1],
        )
        for each in versions
    ]
    return paged(sorted(shown, key=_came), limit, cursor, _came, segment)


@routes("listSegmentMembers")
async def list_segment_members(
    call: TheCall, segment: DefinitionId, limit: Limit = 50, cursor: Cursor = ""
) -> Page[Member]:
    """List the members' keys, in their order. Who has just entered or left may be missing for a moment."""
    url = (await _versions(call, segment))[-1].url
    place = place_of(cursor, segment)
    await call.reads("", segment)
    keys = await call.services.indexes.members(url, place, limit)
    more = cursor_of(keys[-1], segment) if len(keys) == limit else ""
    return Page(items=[Member(patient=key) for key in keys], next=more)


@routes("explainMembership")
async def explain_membership(call: TheCall, segment: DefinitionId, patient: PatientKey) -> Explained:
    """Say whether a patient is in a segment; why, to those who may see clinical facts."""
    url = (await _versions(call, segment))[-1].url
    await call.reads(patient, segment)
    found = await explain(call.services, url, patient)
    return _explained(segment, patient, found, clinical=call.clinical)


@routes("writeSegmentGroup", status=202)
async def write_segment_group(call: TheCall, segment: DefinitionId, response: Response) -> OperationState:
    """Write the members to the FHIR server as a Group, or as Groups of 10000 in one.

    The result is `groups`: of each its reference, its version, and whether it changed.
    """
    url = (await _versions(call, segment))[-1].url
    await call.begins("", segment)
    return await accepted(call, response, "write-segment-group", {"url": url})


async def _versions(call: Call, segment: str) -> Versions:
    shelf = (await library(call.services.documents)).of("segment")
    for url, versions in shelf.items():
        if definition_id("segment", url) == segment:
            return versions
    raise Rejected("no such segment is published", "unknown-segment")


def _one_of(versions: Versions, version: str) -> Published:
    for each in versions:
        if each.version == version:
            return each
    if version:
        raise Rejected("no such version of it is published", "unknown-version")
    return versions[-1]


def _summary(found: Published) -> SegmentSummary:
    body = found.document.body
    tags = body.get("tags") or []
    return SegmentSummary(
        segment=definition_id("segment", found.url),
        url=found.url,
        version=found.version,
        title=found.title,
        description=str(body.get("description") or ""),
        owner=str(body.get("owner") or ""),
        tags=[tags] if isinstance(tags, str) else [*tags],
        published_in=found.publication,
    )


def _is_meant(each: SegmentSummary, tag: str, text: str) -> bool:
    return (not tag or tag in each.tags) and (text in each.title.casefold() or text in each.url.casefold())


def _place(each: SegmentSummary, sort: Sort) -> str:
    """Return a text by which it stands in the order."""
    match sort:
        case "title":
            return f"{each.title.casefold()}\x1f{each.url}"
        case "url":
            return each.url
        case "-published":
            return f"{10**9 - each.published_in:010d}\x1f{each.url}"


def _came(each: SegmentVersion) -> str:
    return f"{each.published_in:010d}\x1f{each.version}"


async def _members(call: Call, url: str) -> MembersNow:
    found = await count_members(call.services, url)
    count = found.count if sees_people(call.caller) else told(found.count)
    return MembersNow(count=count, more=found.more, as_of=moment_or_none(found.as_of))


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
