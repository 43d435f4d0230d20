"""Sends the FHIR server's events to the host as Event Grid does, and sees them through."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched

import orjson

from benchmarks.cpu import Meter
from benchmarks.world import World
from sandbox.event_source.changes import Change, Kind
from sandbox.event_source.schemas import EventGrid
from sandbox.functions_host.keys import HEADER
from sandbox.plan import NOTIFICATIONS
from shared.queues import CHANGES

BATCH = 10
"""Events of one delivery."""
UNDER_WAY = 64
"""Changes notified and not yet handled: Azurite's queues slow down with their backlog."""
_LOOK = 0.01
_LIMIT = 120.0


@dataclass(frozen=True, slots=True)
class Fed:
    """What came of it: seconds from the first event to the last change handled, CPU seconds by process."""

    changes: int
    seconds: float
    cpu: dict[str, float]
    others: float
    """CPU seconds of processes that are none of ours: the noise."""
    failed: int
    messages: int

    @property
    def rate(self) -> float:
        """Changes a second."""
        return self.changes / self.seconds


async def feed(world: World, observations: Sequence[str]) -> Fed:
    """Notify of these Observations as fast as they are handled; returns when all are."""
    before, failed = await world.succeeded(), await world.failed()
    sent, meter, told = await world.accepted(), Meter(world.pids), 0
    for batch in batched(observations, BATCH, strict=False):
        await _until(world, before + told - UNDER_WAY + BATCH)
        await post(world, events(batch))
        told += len(batch)
    await _until(world, before + told)
    used = meter.read()
    await _until_empty(world)
    failed, messages = await world.failed() - failed, await world.accepted() - sent
    return Fed(told, used.seconds, used.cpu, used.others, failed, messages)


def events(observations: Sequence[str]) -> bytes:
    """Write a delivery in Event Grid's schema."""
    schema = EventGrid()
    changes = (
        Change(0, "Observation", one, 1, "2026-03-02T14:59:00.000Z", Kind.CREATED) for one in observations
    )
    return orjson.dumps([schema.event(change, "fhir.example") for change in changes])


async def post(world: World, body: bytes) -> None:
    """Deliver to the host."""
    headers = {HEADER: world.stack.function_key, "Content-Type": "application/json"}
    url = world.stack.urls["host"] + NOTIFICATIONS
    async with world.session.post(url, data=body, headers=headers) as answer:
        if answer.status != 200:
            raise RuntimeError(f"the host answered {answer.status} to a notification")


async def _until_empty(world: World) -> None:
    """Wait for changes that failed or were delivered twice, so that they disturb no measurement to come."""
    async with asyncio.timeout(_LIMIT):
        while await world.waiting(CHANGES):  # noqa: ASYNC110 # another process empties it
            await asyncio.sleep(_LOOK)


async def _until(world: World, handled: int) -> None:
    end = time.perf_counter() + _LIMIT
    while await world.succeeded() < handled:
        if time.perf_counter() > end:
            raise RuntimeError(f"changes were not handled within {_LIMIT:g} s")
        await asyncio.sleep(_LOOK)
