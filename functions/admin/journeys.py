"""Journeys as they are published: list, read, versions, the diagram."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import Call, TheCall
from functions.admin.paging import Cursor, Limit, Page, paged
from functions.admin.problems import Refusal
from functions.admin.routes import Routes
from functions.admin.shapes import DefinitionId, definition_id
from shared.access.small_cells import sees_people
from shared.access.small_figures import all_rough
from shared.catalogue import Catalogue
from shared.journey.compile import CompiledJourney
from shared.journey.definition import parse_journey
from shared.journey.diagram.svg import svg
from shared.usecases.journeys.shown import (
    Inside,
    document_of,
    inside,
    latest_versions,
    state_of,
    versions_of,
)

routes = Routes("journeys")

type JourneyState = Literal["running", "paused", "stopped"]
type TriggerKind = Literal[
    "segment_entered",
    "segment_left",
    "segment_member",
    "fhir_change",
    "instant",
    "date",
    "event",
    "manual",
]
type AVersion = Annotated[str, Query(max_length=100, description="Of the journey; none: the latest")]

_SUMMARY: dict[str, Any] = {
    "journey": "6f0c1c0f2b0e5d0c9f1b7f7f3a0d4c11",
    "url": "https://hearthline.example/journeys/diabetes-outreach",
    "version": "1.0.0",
    "title": "Diabetes outreach",
    "trigger": "segment_entered",
    "state": "running",
    "published_in": 3,
}


class JourneySummary(BaseModel):
    """A version of a journey."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SUMMARY]})

    journey: str = Field(description="Id of the journey in addresses, whichever version")
    url: str
    version: str
    title: str
    trigger: TriggerKind = Field(description="What makes people enter it")
    state: JourneyState = Field(description="How it is switched for everybody, in all versions")
    published_in: int = Field(description="Number of the publication in which this version came")


class InsideNow(BaseModel):
    """How many are inside now; for who may not see people 1 to 10 are null, others rounded to 5."""

    people: int | None = Field(description="Counted at most to 1000")
    more: bool = Field(description="There are more than were counted")
    on_hold: int | None
    by_version: dict[str, int | None] = Field(examples=[{"1.0.0": 240, "1.1.0": 31}])


class JourneyDetail(JourneySummary):
    """A version of a journey as its author wrote it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_SUMMARY,
                    "definition": {"url": _SUMMARY["url"], "version": "1.0.0", "title": _SUMMARY["title"]},
                    "winners": {"which-text": "short"},
                    "inside": {"people": 271, "more": False, "on_hold": None, "by_version": {"1.0.0": 271}},
                }
            ]
        }
    )

    definition: dict[str, Any] = Field(description="See definitions/schemas/journey.json")
    winners: dict[str, str] = Field(description="By step that splits, the way that everybody takes by now")
    inside: InsideNow | None = Field(None, description="Where `count` asks for it")


@routes("listJourneys")
async def list_journeys(
    call: TheCall,
    limit: Limit = 50,
    cursor: Cursor = "",
    state: Annotated[JourneyState | None, Query(description="Only those that stand so")] = None,
    trigger: Annotated[TriggerKind | None, Query(description="Only those that begin so")] = None,
) -> Page[JourneySummary]:
    """List the latest version of each journey, by url."""
    catalogue = await call.services.definitions.current()
    shown = (_summary(catalogue, journey) for journey in latest_versions(catalogue))
    meant = [each for each in shown if state in (None, each.state) and trigger in (None, each.trigger)]
    return paged(meant, limit, cursor, lambda each: each.url, state, trigger)


@routes("getJourney")
async def get_journey(
    call: TheCall,
    journey: DefinitionId,
    version: AVersion = "",
    count: Annotated[bool, Query(description="Count those who are inside")] = False,
) -> JourneyDetail:
    """Read a version, with what is switched and who has won its A/B tests."""
    catalogue = await call.services.definitions.current()
    found = version_of(catalogue, journey, version)
    document = await document_of(call.services, found.url, found.version)
    return JourneyDetail(
        **_summary(catalogue, found).model_dump(),
        definition=document.body,
        winners=catalogue.controls.winners.get(found.canonical, {}),
        inside=_told(call, await inside(call.services, found.url)) if count else None,
    )


@routes("listJourneyVersions")
async def list_journey_versions(
    call: TheCall, journey: DefinitionId, limit: Limit = 50, cursor: Cursor = ""
) -> Page[JourneySummary]:
    """List all versions that are published, the earliest publication first."""
    catalogue = await call.services.definitions.current()
    found = versions_of(catalogue, journey_of(catalogue, journey).url)
    shown = sorted((_summary(catalogue, each) for each in found), key=_published)
    return paged(shown, limit, cursor, _published, journey)


@routes(
    "getJourneyDiagram",
    response_class=Response,
    responses={
        200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}, "description": "A picture"}
    },
)
async def get_journey_diagram(call: TheCall, journey: DefinitionId, version: AVersion = "") -> Response:
    """Draw a version; the picture runs nothing and loads nothing, also where it is opened by itself."""
    catalogue = await call.services.definitions.current()
    found = version_of(catalogue, journey, version)
    document = await document_of(call.services, found.url, found.version)
    safe = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
    return Response(svg(parse_journey(document.body, document.where)), 200, safe, "image/svg+xml")


def journey_of(catalogue: Catalogue, journey: str) -> CompiledJourney:
    """Return the latest version of the journey with this id. Raises Refusal where there is none."""
    for found in latest_versions(catalogue):
        if definition_id("journey", found.url) == journey:
            return found
    raise Refusal(404, "unknown-journey", "there is no journey of this id")


def version_of(catalogue: Catalogue, journey: str, version: str) -> CompiledJourney:
    """Return a version of it, the latest where none is named. Raises Refusal where there is none."""
    latest = journey_of(catalogue, journey)
    found = catalogue.journeys.get(f"{latest.url}|{version}") if version else latest
    if found is None:
        raise Refusal(404, "unknown-version", "no such version of the journey is published")
    return found


def _summary(catalogue: Catalogue, journey: CompiledJourney) -> JourneySummary:
    return JourneySummary(
        journey=definition_id("journey", journey.url),
        url=journey.url,
        version=journey.version,
        title=journey.title,
        trigger=journey.trigger.kind,  # type: ignore[arg-type]  # one of the fields of Trigger
        state=state_of(catalogue.controls, journey.url),
        published_in=journey.published_in,
    )


def _published(each: JourneySummary) -> str:
    return f"{each.published_in:09d} {each.version}"


def _told(call: Call, found: Inside) -> InsideNow:
    figures = {"people": found.people, "on_hold": found.on_hold, "by_version": dict(found.by_version)}
    told = figures if sees_people(call.caller) else all_rough(figures)
    return InsideNow(**told, more=found.more)
