"""The timer of campaigns: begin what is due, bring in as many as the pace allows, note when all is done.

Everything is in documents that only change over their ETags, and is written down before it is queued: two
instances, or a crash anywhere, repeat some of it and lose nobody (shared.usecases.campaigns.entry).
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from shared.errors import Conflict, Rejected, Unavailable
from shared.fhir.instants import Instant
from shared.journey.campaign import CampaignDefinition
from shared.journey.campaign_moves import CampaignState, Move, move_on, run_ref
from shared.usecases.campaigns.documents import (
    Run,
    active,
    deactivate,
    load_run,
    load_state,
    save_run,
    save_state,
)
from shared.usecases.campaigns.recall import heed_moves, heeded, recall_on
from shared.usecases.campaigns.walk import walk_on
from shared.usecases.services import Services

SYSTEM = "hearthline"
"""Who it was that noted that a campaign is done."""


class Ticked(Struct, frozen=True):
    """What one call of the timer did."""

    asked: int
    """How many were brought on their way into a journey."""
    hindered: tuple[str, ...] = ()
    """Why some campaign could not go on."""


async def run_campaigns(services: Services) -> Ticked:
    """Let every campaign that is running go on. Nobody running costs one query. Raises Unavailable."""
    asked, hindered = 0, list[str]()
    for campaign in await active(services.documents):
        try:
            asked += await _tick(services, campaign)
        except Conflict:
            continue  # another instance is at it, or staff have just done something
        except (Rejected, Unavailable) as failed:
            hindered.append(failed.reason)
    return Ticked(asked, tuple(hindered))


async def _tick(services: Services, campaign: str) -> int:
    catalogue = await services.definitions.current()
    definition = catalogue.campaigns.get(campaign)
    state, etag = await load_state(services.documents, campaign)
    if definition is None or state.status in ("draft", "submitted", "approved"):
        return 0  # a catalogue that is some seconds old; or whoever starts it has not come to the end
    if state.status == "running":
        state, etag = await _begin_due(services, definition, state, etag)
    asked, idle = 0, True
    if state.runs:
        run, run_etag = await _run_of(services, state)
        run, run_etag = await recall_on(services, catalogue, definition, run, run_etag)
        idle = run.recalling is None
        if state.status == "running":
            asked = await walk_on(services, catalogue, definition, state.runs[-1], run, run_etag)
    if idle and not state.active:
        await deactivate(services.documents, campaign)
    return asked


async def _run_of(services: Services, state: CampaignState) -> tuple[Run, str]:
    """Return the latest run, with what staff have done since heeded."""
    run, etag = await load_run(services.documents, state.runs[-1], state.campaign)
    following = heed_moves(run, state, begun=bool(etag))
    if following == run and etag:
        return run, etag
    return following, await save_run(services.documents, following, etag)


async def _begin_due(
    services: Services, definition: CampaignDefinition, state: CampaignState, etag: str
) -> tuple[CampaignState, str]:
    """Begin a run for the latest occurrence that is due, once the run before has ended; or note the end."""
    if state.runs:
        run, _ = await load_run(services.documents, state.runs[-1], state.campaign)
        if run.finished is None or run.pending or run.parked or not heeded(run, state):
            return state, etag
    now, schedule = services.clock.now(), definition.schedule
    occurrence = schedule.latest(state.since, now, services.zone)
    if occurrence is not None:
        ref = run_ref(state.campaign, occurrence)
        state = replace(state, runs=(*state.runs, ref), since=occurrence.begins)
    elif _waits_for_clocks(state, now):
        return state, etag
    elif schedule.following(now, services.zone) is None:
        state = move_on(state, Move("finish", now, SYSTEM), definition)
    else:
        return state, etag
    return state, await save_state(services.documents, state, etag)


def _waits_for_clocks(state: CampaignState, now: Instant) -> bool:
    """Say whether somebody may still wait for their own clock: the campaign can be paused until none does."""
    return bool(state.runs) and now < state.runs[-1].occurrence.begun_everywhere
