"""All published campaigns: how each stands, how often it has run, and when it runs next."""

from __future__ import annotations

from msgspec import Struct

from shared.fhir.instants import Instant
from shared.journey.campaign import CampaignDefinition
from shared.journey.campaign_moves import CampaignState, coming
from shared.usecases.campaigns.documents import all_states
from shared.usecases.services import Services


class Listed(Struct, frozen=True):
    """One campaign."""

    campaign: str
    """Canonical "url|version"."""
    title: str
    status: str
    runs: int
    next_run: Instant | None = None


async def listing(services: Services) -> tuple[Listed, ...]:
    """List them by url and version: two queries. Raises Unavailable."""
    states = {state.campaign: state async for state in all_states(services.documents)}
    catalogue = await services.definitions.current()
    found = (
        _listed(services, definition, states.get(definition.canonical, CampaignState(definition.canonical)))
        for definition in catalogue.campaigns
    )
    return tuple(sorted(found, key=lambda each: each.campaign))


def _listed(services: Services, definition: CampaignDefinition, state: CampaignState) -> Listed:
    return Listed(
        state.campaign, definition.title, state.status, len(state.runs), next_run(services, definition, state)
    )


def next_run(services: Services, definition: CampaignDefinition, state: CampaignState) -> Instant | None:
    """Return when the next run begins, once staff have started it; one that is late begins as it can."""
    if state.status in ("done", "cancelled"):
        return None
    now = services.clock.now()
    found = coming(state, definition, now, services.zone)
    return max(found.begins, now) if found else None
