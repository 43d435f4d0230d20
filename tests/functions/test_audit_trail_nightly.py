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
        found, _ = await list_entries(services.trail, Wanted(operation="checkpoint"), None, LANES)
        assert {each.link.lane for each in found} == set(range(LANES))
        assert all(each.genuine and each.link.key for each in found)
        assert all(len(claims_in(each.entry)) == LANES for each in found)
        verified = await verify(services, _told)
        assert (verified.sound, verified.unkeyed) == (True, 0)


async def _told(_: int) -> None:
    return
