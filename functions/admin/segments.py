"""Segments as they are published: list, read, versions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import Call, TheCall
from functions.admin.definitions import SEGMENT
from functions.admin.etags import etag_of, tell_etag
from functions.admin.paging import Cursor, Limit, Page, paged
from functions.admin.routes import Routes
from functions.admin.shapes import DefinitionId, Moment, definition_id, moment_or_none
from shared.access.small_cells import sees_people
from shared.access.small_figures import rough
from shared.errors import Rejected
from shared.naming import named
from shared.segment.compile import references
from shared.segment.definition import parse_segment
from shared.segment.wording import lines
from shared.usecases.library import Published, library
from shared.usecases.segments.members import count_members

routes = Routes("segments")

type Versions = tuple[Published, ...]
type Sort = Literal["title", "url", "-published"]
type AVersion = Annotated[str, Query(max_length=100, description="A published version; none: the latest")]

_URL = str(SEGMENT["url"])
SUMMARY: dict[str, Any] = {
    "segment": definition_id("segment", _URL),
    "url": _URL,
    "version": "1.0.0",
    "title": "Adults",
    "description": "Patients of 18 years or more.",
    "owner": "clinical-quality",
    "tags": ["population"],
    "published_in": 3,
}


class SegmentSummary(BaseModel):
    """The latest version of a segment."""

    model_config = ConfigDict(json_schema_extra={"examples": [SUMMARY]})

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
    """How many members there are; for who may not see people 1 to 10 are null, others rounded to 5."""

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
                    **SUMMARY,
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
    versions = await versions_of(call, segment)
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
    versions = await versions_of(call, segment)
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


async def versions_of(call: Call, segment: str) -> Versions:
    """Return the versions of a segment by its id, the latest last. Raises Rejected (unknown-segment)."""
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
    count = found.count if sees_people(call.caller) else rough(found.count)
    return MembersNow(count=count, more=found.more, as_of=moment_or_none(found.as_of))
