"""Campaigns: list them, say how one stands and what has come of it, count who would get what.

Each version is a campaign of its own, as each is approved anew: so an id is of the url with its version.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import Call, TheCall
from functions.admin.etags import etag_of, tell_etag
from functions.admin.long_work import OperationState, accepted
from functions.admin.paging import Cursor, Limit, Page, paged
from functions.admin.problems import Refusal
from functions.admin.routes import Routes
from functions.admin.shapes import Body, DefinitionId, Moment, definition_id, moment, moment_or_none
from shared.access.small_cells import sees_people
from shared.access.small_figures import all_rough
from shared.journey.campaign import CampaignDefinition
from shared.journey.campaign_moves import CampaignState
from shared.usecases.campaigns.listing import Listed, listing
from shared.usecases.campaigns.status import MOST_RUNS, RunStatus, status

routes = Routes("campaigns")

type CampaignStatus = Literal["draft", "submitted", "approved", "running", "paused", "done", "cancelled"]
type People = Annotated[
    int | None, Field(description="For who may not see people null of 1 to 10, else rounded to 5")
]

_CAMPAIGN: dict[str, Any] = {
    "campaign": "0d6f4b8a0c7e5b1f9c2a7d3e8f4a6b5c",
    "url": "https://hearthline.example/campaigns/influenza-autumn",
    "version": "1.0.0",
    "title": "Influenza, autumn",
    "status": "running",
}
_RUN: dict[str, Any] = {
    "run": "4d9ef7f2-15b7-5b0e-8f0e-1d4c2c8f3a77",
    "occurrence": "2026-10-01T09:00",
    "began": "2026-10-01T07:00:00Z",
    "asked": 1200,
    "skipped": {"in opted-out": 31},
    "remaining": 300,
    "entered": 1180,
    "by_status": {"active": 900, "completed": 280},
    "goals": 240,
    "ways": {"which-text": {"short": {"entered": 600, "goals": 130}}},
    "refused": {"no longer in its segment": 20},
    "messages": {},
}
_MOVE: dict[str, Any] = {
    "action": "submit",
    "at": "2026-09-01T08:00:00Z",
    "by": "0d5c8b5e",
    "role": "Marketer",
    "reason": "",
}


class CampaignListed(BaseModel):
    """A version of a campaign, and how it stands."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_CAMPAIGN, "runs": 1, "next_run": "2026-10-01T07:00:00Z"}]}
    )

    campaign: str = Field(description="Id of this version of the campaign in addresses")
    url: str
    version: str
    title: str
    status: CampaignStatus
    runs: int
    next_run: Moment | None = Field(None, description="When the next run begins, once staff have started it")


class CampaignMove(BaseModel):
    """Something that somebody did with it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MOVE]})

    action: Literal["submit", "reject", "approve", "start", "pause", "resume", "cancel", "finish"]
    at: Moment
    by: str = Field(description="Opaque id")
    role: str
    reason: str


class WayResult(BaseModel):
    """How many went one way, and how many of them reached the journey's goal."""

    entered: People
    goals: People


class CampaignRun(BaseModel):
    """One run; figures of results are there where `results` asks for them."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RUN]})

    run: str
    occurrence: str
    began: Moment
    finished: Moment | None = None
    asked: People = Field(description="Brought on their way into the journey")
    skipped: dict[str, People] = Field(description="Left out of the audience, by the reason")
    remaining: People = Field(None, description="Whose turn is yet to come; null as well where not counted")
    done_by: Moment | None = Field(None, description="When the last of them is asked, at this pace")
    entered: People = None
    by_status: dict[str, People] = Field({}, description="Enrolments by status")
    goals: People = None
    ways: dict[str, dict[str, WayResult]] = Field({}, description="By step and way of a split or wait")
    refused: dict[str, People] = Field({}, description="Not let in by the journey's own rules, by the reason")
    messages: dict[str, People] = Field({}, description="By status and latest report, where asked for")


class CampaignDetail(CampaignListed):
    """How a campaign stands."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_CAMPAIGN,
                    "runs": 1,
                    "journey": "6f0c1c0f2b0e5d0c9f1b7f7f3a0d4c11",
                    "moves": [_MOVE],
                    "latest_runs": [_RUN],
                }
            ]
        }
    )

    journey: str = Field(description="Id of the journey that people enter")
    moves: list[CampaignMove] = Field(description="All that was done with it, oldest first")
    latest_runs: list[CampaignRun] = Field(description="The latest last")


class Preview(Body):
    """How far to look."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"most": 20000}]})

    most: Annotated[int, Field(ge=1, le=100_000, description="Look only at the first so many people")] = (
        20_000
    )


@routes("listCampaigns")
async def list_campaigns(
    call: TheCall,
    limit: Limit = 50,
    cursor: Cursor = "",
    status: Annotated[CampaignStatus | None, Query(description="Only those that stand so")] = None,
) -> Page[CampaignListed]:
    """List all versions of all campaigns, by url and version."""
    found = [_listed(each) for each in await listing(call.services) if status in (None, each.status)]
    return paged(found, limit, cursor, lambda each: f"{each.url}|{each.version}", status)


@routes("getCampaign")
async def get_campaign(
    call: TheCall,
    response: Response,
    campaign: DefinitionId,
    runs: Annotated[int, Query(ge=0, le=MOST_RUNS, description="The latest so many runs")] = 1,
    results: Annotated[
        bool, Query(description="What has come of them: costs a query for each thousand people")
    ] = False,
    messages: Annotated[
        bool, Query(description="Results, and messages too: costs a query for each person of these runs")
    ] = False,
) -> CampaignDetail:
    """Say how it stands, who did what with it, and what has come of its latest runs."""
    definition = await campaign_of(call, campaign)
    results = results or messages
    found = await status(call.services, definition, messages=messages, most=runs, results=results)
    tell_etag(response, state_etag(found.state))
    listed = Listed(
        definition.canonical, definition.title, found.state.status, len(found.state.runs), found.next_run
    )
    return CampaignDetail(
        **_listed(listed).model_dump(),
        journey=definition_id("journey", definition.journey),
        moves=[CampaignMove(**{**msgspec.to_builtins(m), "at": moment(m.at)}) for m in found.state.moves],
        latest_runs=[_run(call, run, results=results) for run in found.runs],
    )


@routes("previewCampaign", status=202)
async def preview_campaign(
    call: TheCall, response: Response, campaign: DefinitionId, preview: Preview
) -> OperationState:
    """Count who would get what and when, by the real decision on each record; nothing is written."""
    definition = await campaign_of(call, campaign)
    params = {
        "catalogue": (await call.services.definitions.current()).version,
        "campaign": definition.canonical,
        "most": preview.most,
        "sees_people": sees_people(call.caller),
    }
    return await accepted(call, response, "preview-campaign", params)


async def campaign_of(call: Call, campaign: str) -> CampaignDefinition:
    """Return the campaign with this id. Raises Refusal where there is none."""
    for definition in (await call.services.definitions.current()).campaigns:
        if definition_id("campaign", definition.canonical) == campaign:
            return definition
    raise Refusal(404, "unknown-campaign", "there is no campaign of this id")


def state_etag(state: CampaignState) -> str:
    """Return the ETag of how a campaign stands."""
    return etag_of(msgspec.to_builtins(state))


def _listed(each: Listed) -> CampaignListed:
    url, _, version = each.campaign.partition("|")
    return CampaignListed(
        campaign=definition_id("campaign", each.campaign),
        url=url,
        version=version,
        title=each.title,
        status=each.status,  # type: ignore[arg-type]  # a Status
        runs=each.runs,
        next_run=moment_or_none(each.next_run),
    )


def _run(call: Call, run: RunStatus, *, results: bool) -> CampaignRun:
    figures = {
        "asked": run.asked,
        "skipped": run.skipped,
        "remaining": run.remaining if results else None,
        "entered": run.entered if results else None,
        "by_status": dict(run.by_status),
        "goals": run.goals if results else None,
        "ways": msgspec.to_builtins(run.ways),
        "refused": dict(run.refused),
        "messages": dict(run.messages),
    }
    return CampaignRun(
        run=run.run,
        occurrence=run.occurrence,
        began=moment(run.began),
        finished=moment_or_none(run.finished),
        done_by=moment_or_none(run.done_by),
        **(figures if sees_people(call.caller) else all_rough(figures)),
    )
