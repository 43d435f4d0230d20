"""The nightly timer of the audit trail through the Functions runtime: a checkpoint in every lane."""

from __future__ import annotations

from ward import Ward

from shared.access.chain import LANES
from shared.usecases.trail.checkpoint import claims_in, heads
from shared.usecases.trail.listing import Wanted, list_entries
from shared.usecases.trail.verify import verify


async def test_every_lane_gets_a_checkpoint_under_the_secret_of_the_settings(ward: Ward) -> None:
    await ward.run_timer("trail")
    async with ward.product.opened() as services:
        before = await heads(services)
        assert all(head.number for head in before)
        found, _ = await list_entries(services.trail, Wanted(operation="checkpoint"), None, 200)
        assert [each for each in found if not (each.genuine and each.link.key)] == []
        latest = {each.link.lane: each for each in reversed(found)}  # a verification before makes some too
        assert set(latest) == set(range(LANES))
        assert all(len(claims_in(each.entry)) == LANES for each in latest.values())
        verified = await verify(services, _told)
        assert (verified.sound, verified.unkeyed) == (True, 0)


async def _told(_: int) -> None:
    return
