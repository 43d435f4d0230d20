"""Retention of the audit trail: the oldest entries of each lane go, and what is left still proves itself."""

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
