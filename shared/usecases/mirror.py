"""Let the provider's own opt-out list say what ours says."""

from __future__ import annotations

from shared.effects import MirrorOptOut
from shared.usecases.services import Services


async def mirror(services: Services, effect: MirrorOptOut) -> None:
    """Put a number on the provider's list, or take it off, where it has one. Raises Unavailable."""
    if services.opt_out_list is not None:
        change = services.opt_out_list.add if effect.action == "add" else services.opt_out_list.remove
        await change(effect.address)
