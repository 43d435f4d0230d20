"""Upkeep of the audit trail: the oldest entries go after years; a restored one is put right.

What is left still proves itself.
"""

from __future__ import annotations

from shared.access.chain import LANES
from shared.errors import Conflict
from shared.retention import Retention
from shared.usecases.services import Services


async def prune_trail(services: Services, kept: Retention) -> int:
    """Remove entries that are older than they are kept; how many. Raises Unavailable."""
    before = kept.before("audit", services.clock.now(), services.policy.zone)
    if before is None:
        return 0
    gone = 0
    for lane in range(LANES):
        try:
            gone += await services.trail.prune(lane, before)
        except Conflict:  # another instance is at it
            continue
    return gone


async def settle_trail(services: Services) -> int:
    """Put a trail right that came from a backup; how many entries or rows that took. Raises Unavailable.

    Entries were appended while the backup was made: some are in it, though the heads of lanes know nothing of
    them.
    """
    return sum([await services.trail.settle(lane) for lane in range(LANES)])
