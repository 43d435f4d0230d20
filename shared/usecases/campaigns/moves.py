"""Staff's moves: submit, reject, approve, start, pause, resume, cancel a campaign; each with who and why."""

from __future__ import annotations

from collections.abc import Callable

from shared.errors import Conflict, Rejected
from shared.journey.campaign import CampaignDefinition
from shared.journey.campaign_moves import Action, CampaignState, Move, move_on, started
from shared.usecases.campaigns.documents import activate, load_state, save_state
from shared.usecases.services import Services

_ATTEMPTS = 5


async def find(services: Services, reference: str) -> CampaignDefinition:
    """Return the published campaign "url|version", or the latest of "url". Raises Rejected, Unavailable."""
    definition = (await services.definitions.current()).campaigns.get(reference)
    if definition is None:
        raise Rejected(f"no campaign {reference} is published", "no-campaign")
    return definition


def _any(state: CampaignState) -> None:
    """Let it stand as it does."""


async def move(
    services: Services,
    reference: str,
    action: Action,
    by: str,
    role: str = "",
    reason: str = "",
    check: Callable[[CampaignState], None] = _any,
) -> CampaignState:
    """Let somebody do something with a campaign; how it stands then.

    `check` raises where it does not stand as they have read it. Raises Rejected with the reason where they
    may not, Conflict when others keep doing things with it.
    """
    definition = await find(services, reference)
    for _ in range(_ATTEMPTS):
        state, etag = await load_state(services.documents, definition.canonical)
        check(state)
        now = services.clock.now()
        moved = move_on(state, Move(action, now, by, role, reason), definition)
        if action == "start":
            moved = started(moved, definition, now)
        concerns_timer = action == "start" or bool(state.runs)
        if concerns_timer:  # before it is written: idle is better than forgotten
            await activate(services.documents, definition.canonical)
        try:
            await save_state(services.documents, moved, etag)
        except Conflict:
            continue
        if concerns_timer:  # and after: the timer may have found it done in between
            await activate(services.documents, definition.canonical)
        return moved
    raise Conflict("others keep changing this campaign")
