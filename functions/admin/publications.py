"""Publications: many definitions at once, and how far everybody is looked at for one."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Response
from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import TheCall
from functions.admin.definitions import (
    REF,
    SEGMENT,
    Approved,
    DefinitionRef,
    Together,
    documents_of,
    ref_of,
)
from functions.admin.routes import PREFIX, Routes
from functions.admin.shapes import Moment, definition_id, moment, moment_or_none
from shared.access.small_cells import sees_people
from shared.access.small_figures import rough
from shared.usecases.population import Progress, Tally
from shared.usecases.publications import Gates, Publication, Standing, publish_together, standing

routes = Routes("publications")

_VERSION = "12-0f3a5b7c9d1e2f40"
_TALLY = {"segment": REF["definition"], "url": REF["url"], "members": 5120, "entered": 120, "left": 44}
type PublicationId = Annotated[
    str,
    Path(
        pattern="^(latest|[0-9]{1,9}-[0-9a-f]{16})$",
        description="As a publication answers it; latest: the one that everybody was last looked at for",
        examples=[_VERSION],
    ),
]


class Publishing(Together):
    """Definitions to be put in force together: all of them, or none."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"documents": [{"kind": "segment", "content": SEGMENT}]}]}
    )

    approved_only: Approved = False
    linted: bool = Field(False, description="No template in which lint finds errors")
    shards: int | None = Field(
        None, ge=1, le=1000, description="Into how many parts the patients fall; by their number without it"
    )


class PublicationAnswer(BaseModel):
    """What came into force."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"publication": _VERSION, "added": [REF], "read": [], "population": _VERSION}]
        }
    )

    publication: str = Field(description="Version of the catalogue that is in force now")
    added: list[DefinitionRef] = Field(description="What was new; empty where all was published before")
    read: list[DefinitionRef] = Field(description="Value sets that were taken from the FHIR server for it")
    population: str = Field(
        description="The latest publication that everybody is looked at for, `publication` where this one "
        "asks for it; empty while none ever did"
    )


class SegmentTally(BaseModel):
    """What came of it for one segment; for who may not see people of 1 to 10 null, else rounded to 5."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TALLY]})

    segment: str = Field(description="Id of the segment")
    url: str
    members: int | None = Field(description="Of those looked at so far")
    entered: int | None
    left: int | None


class PublicationState(BaseModel):
    """How far everybody is looked at for a publication."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "publication": _VERSION,
                    "status": "running",
                    "shards": 16,
                    "shards_done": 4,
                    "looked_at": 24310,
                    "committed": 164,
                    "started": "2026-03-02T09:00:06Z",
                    "finished": None,
                    "segments": [_TALLY],
                }
            ]
        }
    )

    publication: str
    status: Literal["none", "waiting", "running", "finished"] = Field(
        description="none: nobody need be looked at for it; waiting: the run begins within some minutes"
    )
    shards: int = 0
    shards_done: int = 0
    looked_at: Annotated[int, Field(description="Patients")] = 0
    committed: Annotated[int | None, Field(description="Patients whose record changed by it")] = 0
    started: Moment | None = None
    finished: Moment | None = None
    segments: list[SegmentTally] = []


@routes("publishDefinitions", status=201, responses={200: {"description": "All of it was published before"}})
async def publish_definitions(call: TheCall, body: Publishing, response: Response) -> PublicationAnswer:
    """Publish definitions together: all are checked first, and nothing is published while one is wrong.

    A version that is published never changes: the same again changes nothing, other content is a problem.
    Value sets that are missing are read from the FHIR server.
    """
    documents = documents_of(body.documents)
    await call.begins("", *(document.canonical for document in documents))
    gates = Gates(approved_only=body.approved_only, linted=body.linted)
    done = await publish_together(call.services, documents, gates, body.shards)
    call.changed([document.body for document in documents])
    return published(done, response)


@routes("getPublication")
async def get_publication(call: TheCall, publication: PublicationId) -> PublicationState:
    """Say how far everybody is looked at, and who entered and left which segment by it."""
    found = await standing(call.services, "" if publication == "latest" else publication)
    return _state(found, whole=sees_people(call.caller))


def published(done: Publication, response: Response) -> PublicationAnswer:
    """Tell of a publication: 201 with where to follow it, 200 where nothing was new."""
    response.status_code = 201 if done.added else 200
    response.headers["Location"] = f"{PREFIX}/publications/{done.version}"
    return PublicationAnswer(
        publication=done.version,
        added=[ref_of(name) for name in done.added],
        read=[ref_of(name) for name in done.read],
        population=done.population,
    )


def _state(found: Standing, *, whole: bool) -> PublicationState:
    progress = found.progress
    if progress is None:
        return PublicationState(publication=found.version, status="waiting" if found.needed else "none")
    return PublicationState(
        publication=found.version,
        status="running" if progress.finished is None else "finished",
        shards=progress.population.shards,
        shards_done=progress.shards_done,
        looked_at=progress.looked_at,
        committed=progress.committed if whole else rough(progress.committed),
        started=moment(progress.population.started),
        finished=moment_or_none(progress.finished),
        segments=_tallies(progress, whole=whole),
    )


def _tallies(progress: Progress, *, whole: bool) -> list[SegmentTally]:
    return [_tally(url, tally, whole=whole) for url, tally in sorted(progress.segments.items())]


def _tally(url: str, tally: Tally, *, whole: bool) -> SegmentTally:
    counts = {name: getattr(tally, name) for name in ("members", "entered", "left")}
    shown = {name: count if whole else rough(count) for name, count in counts.items()}
    return SegmentTally(segment=definition_id("segment", url), url=url, **shown)
