"""Analytics: figures of journeys, campaigns, messages and segments, for people and for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

from fastapi import Query, Request, Response
from pydantic import Field

from functions.admin.call import Call, TheCall
from functions.admin.figures import FORMATS, Answer, Count, Figure, Format, Seconds, Share, told
from functions.admin.long_work import OperationState, accepted
from functions.admin.problems import Refusal
from functions.admin.routes import Routes
from functions.admin.shapes import DefinitionId, Why, definition_id, instant_of
from shared.document import Kind
from shared.fhir.instants import DAY, Instant
from shared.message.outbound import ChannelName
from shared.usecases.analytics.asking import Figures, Period, log_of
from shared.usecases.analytics.campaign import campaign_funnel
from shared.usecases.analytics.funnel import journey_funnel
from shared.usecases.analytics.goals import journey_goals, with_intervals
from shared.usecases.analytics.messages import Dimension, message_figures
from shared.usecases.analytics.segments import segment_overlap, segment_trend
from shared.usecases.analytics.times import first_step_times
from shared.usecases.campaigns.documents import load_state

routes = Routes("analytics")

MONTH = 30 * DAY

type Since = Annotated[
    str,
    Query(
        max_length=40, description="From then on; 30 days before `until`", examples=["2026-03-01T00:00:00Z"]
    ),
]
type Until = Annotated[
    str, Query(max_length=40, description="Before then; now", examples=["2026-04-01T00:00:00Z"])
]
_ID = "^[0-9a-f]{32}$"


class FunnelStep(Figure):
    """How far those came who entered in the period: one step of one version."""

    parts: ClassVar = ("went_on", "ended", "waiting")
    version: str = Field(examples=["1.0.0"])
    step: str = Field(description="Empty is the journey as a whole", examples=["invite"])
    came: Count
    went_on: Count
    ended: Count = Field(description="The journey ended for them there")
    waiting: Count = Field(description="They stand there")
    median_seconds: Seconds = Field(description="How long half of those stood there who do no more")


class CampaignWay(Figure):
    """People whom one run brought, in all or by one way of a test."""

    run: str = Field(description="Id of the run")
    step: str = Field(description="The split; empty is everybody", examples=["which"])
    way: str = Field(examples=["short"])
    asked: Count
    entered: Count
    sent: Count
    delivered: Count
    opened: Count
    clicked: Count
    answered: Count
    opted_out: Count
    completed: Count
    revoked: Count
    goals: Count


class MessageCounts(Figure):
    """Messages, and what became of them; what is not among `by` is empty."""

    channel: str = Field("", examples=["sms"])
    language: str = Field("", examples=["en"])
    template: str = Field("", description="Url")
    template_version: str = Field("", examples=["1.0.0"])
    purpose: str = Field("", examples=["care"])
    journey: str = Field("", description="Url")
    day: str = Field("", description="By the organisation's clock", examples=["2026-03-02"])
    hour: int | None = Field(None, ge=0, le=23, description="Of the day, by the organisation's clock")
    sent: Count
    delivered: Count = Field(description="Those opened and clicked as well")
    opened: Count = Field(description="Those clicked as well")
    clicked: Count
    answered: Count
    opted_out: Count = Field(description="Of which somebody said no next")
    complained: Count
    failed: Count
    unknown: Count
    not_sent: Count


class TrendDay(Figure):
    """A segment on one day of the organisation's calendar."""

    day: str = Field(examples=["2026-03-02"])
    members: Count = Field(description="At its end; today now")
    entered: Count
    left: Count


class Overlap(Figure):
    """Who is in all of these segments."""

    segments: list[str] = Field(description="Ids of definitions")
    members: Count


class GoalsOfWay(Figure):
    """Those who went one way of a test, and who of them reached the goal; intervals of 95 %."""

    version: str = Field(examples=["1.0.0"])
    step: str = Field(description="The split, or a wait by its cases; empty is everybody", examples=["which"])
    way: str = Field(examples=["short"])
    entered: Count
    goals: Count
    rate: Share
    low: Share = Field(description="Wilson's interval of `rate`")
    high: Share
    against: str | None = Field(description="The way it is compared with: the holdout, or the most gone")
    difference: Share = Field(description="Of rates")
    difference_low: Share = Field(description="Newcombe's interval of `difference`")
    difference_high: Share


class Times(Figure):
    """How long something lasted from entry on, in seconds, for those to whom it happened."""

    version: str = Field(examples=["1.0.0"])
    until: str = Field(description="first-step, first-sent, first-delivered, first-answered or end")
    people: Count
    p10: Seconds
    p25: Seconds
    p50: Seconds
    p75: Seconds
    p90: Seconds
    p95: Seconds


@routes("getJourneyFunnel", responses=dict(FORMATS))
async def get_journey_funnel(
    call: TheCall,
    request: Request,
    journey: DefinitionId,
    since: Since = "",
    until: Until = "",
    format: Format = None,
) -> Answer[FunnelStep]:
    """Follow those who entered in the period to where they are now."""
    url = await _journey(call, journey)
    figures = await journey_funnel(call.services, url, _period(call, since, until))
    return await told(call, request, format, FunnelStep, figures, _filters(since, until, journey=url))


@routes("getJourneyGoals", responses=dict(FORMATS))
async def get_journey_goals(
    call: TheCall,
    request: Request,
    journey: DefinitionId,
    since: Since = "",
    until: Until = "",
    format: Format = None,
) -> Answer[GoalsOfWay]:
    """Compare the ways that those took who entered in the period."""
    url = await _journey(call, journey)
    figures = await journey_goals(call.services, url, _period(call, since, until))
    filters = _filters(since, until, journey=url)
    return await told(call, request, format, GoalsOfWay, figures, filters, with_intervals)


@routes("getFirstStepTimes", responses=dict(FORMATS))
async def get_first_step_times(
    call: TheCall,
    request: Request,
    journey: DefinitionId,
    since: Since = "",
    until: Until = "",
    format: Format = None,
) -> Answer[Times]:
    """Say, for those who entered in the period, how long what followed took, in quantiles."""
    url = await _journey(call, journey)
    figures = await first_step_times(call.services, url, _period(call, since, until))
    return await told(call, request, format, Times, figures, _filters(since, until, journey=url))


@routes("getCampaignFunnel", responses=dict(FORMATS))
async def get_campaign_funnel(
    call: TheCall,
    request: Request,
    campaign: DefinitionId,
    format: Format = None,
) -> Answer[CampaignWay]:
    """Count people by run, and by way of each test within it."""
    catalogue = await call.services.definitions.current()
    url = _found("campaign", campaign, (each.url for each in catalogue.campaigns))
    runs, began = list[str](), list[Instant]()
    for definition in catalogue.campaigns:
        if definition.url == url:
            state, _ = await load_state(call.services.documents, definition.canonical)
            runs += [ref.run for ref in state.runs]
            began += [ref.occurrence.begins for ref in state.runs]
    first = min(began, default=call.services.clock.now())
    figures = await campaign_funnel(call.services, runs, first)
    return await told(call, request, format, CampaignWay, figures, {"campaign": url})


@routes("getMessageFigures", responses=dict(FORMATS))
async def get_message_figures(
    call: TheCall,
    request: Request,
    by: Annotated[list[Dimension], Query(max_length=8, description="What to count by, in this order")] = [],  # noqa: B006 - FastAPI copies it
    channel: Annotated[ChannelName | None, Query(description="Of this channel alone")] = None,
    template: Annotated[str, Query(max_length=32, pattern=f"^$|{_ID}", description="Id of a template")] = "",
    journey: Annotated[str, Query(max_length=32, pattern=f"^$|{_ID}", description="Id of a journey")] = "",
    since: Since = "",
    until: Until = "",
    format: Format = None,
) -> Answer[MessageCounts]:
    """Count the messages that were sent in the period, with whatever became of them until now."""
    url = await _journey(call, journey, 422) if journey else ""
    of_template = await _template(call, template) if template else ""
    period, chosen = _period(call, since, until), list(dict.fromkeys(by))
    figures = await message_figures(
        call.services, period, chosen, channel=channel or "", template=of_template, journey=url
    )
    filters = _filters(since, until, by=chosen, channel=channel, template=of_template, journey=url)
    return await told(call, request, format, MessageCounts, figures, filters)


@routes("getSegmentOverlap", responses=dict(FORMATS))
async def get_segment_overlap(
    call: TheCall,
    request: Request,
    segment: Annotated[list[str], Query(min_length=2, max_length=5, description="Ids of segments")],
    format: Format = None,
) -> Answer[Overlap]:
    """Count members of each of some segments, of each two of them, and of all."""
    catalogue = await call.services.definitions.current()
    urls = [_found("segment", each, (s.url for s in catalogue.segments.all), 422) for each in segment]
    found = await segment_overlap(call.services, list(dict.fromkeys(urls)))
    rows = [
        {**row, "segments": [definition_id("segment", url) for url in row["segments"]]} for row in found.rows
    ]
    filters = {"segment": list(dict.fromkeys(segment))}
    return await told(call, request, format, Overlap, Figures(rows, found.as_of), filters)


@routes("getSegmentTrend", responses=dict(FORMATS))
async def get_segment_trend(
    call: TheCall,
    request: Request,
    segment: DefinitionId,
    since: Since = "",
    until: Until = "",
    format: Format = None,
) -> Answer[TrendDay]:
    """Count, day by day, members and who entered and left."""
    catalogue = await call.services.definitions.current()
    url = _found("segment", segment, (each.url for each in catalogue.segments.all))
    figures = await segment_trend(call.services, url, _period(call, since, until))
    return await told(call, request, format, TrendDay, figures, _filters(since, until, segment=url))


@routes("rebuildAnalytics", status=202)
async def rebuild_analytics(call: TheCall, response: Response, body: Why) -> OperationState:
    """Go through records, rows and rosters, and tell the log what it does not hold; again does no harm."""
    log_of(call.services)
    await call.begins("", "analytics", why=body.reason)
    return await accepted(call, response, "analytics-rebuild", {})


async def _journey(call: Call, wanted: str, status: int = 404) -> str:
    catalogue = await call.services.definitions.current()
    return _found("journey", wanted, (journey.url for journey in catalogue.journeys), status)


async def _template(call: Call, wanted: str) -> str:
    catalogue = await call.services.definitions.current()
    return _found("template", wanted, (template.url for template in catalogue.templates), 422)


def _found(kind: Kind, wanted: str, urls: Iterable[str], status: int = 404) -> str:
    for url in urls:
        if definition_id(kind, url) == wanted:
            return url
    raise Refusal(status, f"unknown-{kind}", f"no {kind} of this id is published")


def _period(call: Call, since: str, until: str) -> Period:
    end = instant_of(until, "query.until") if until else call.services.clock.now()
    begin = instant_of(since, "query.since") if since else Instant(end - MONTH)
    return Period(begin, Instant(end + (0 if until else 1)))


def _filters(since: str, until: str, **others: Any) -> dict[str, Any]:
    return {"since": since, "until": until, **others}
