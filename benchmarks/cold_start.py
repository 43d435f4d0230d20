"""From the start of the functions host's process to its first answer, to readiness, to a change handled.

Azure adds what it needs for a machine, a container and its own host; what is measured here is ours to change.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from statistics import median

import aiohttp

from benchmarks import people
from benchmarks.report import Json, below, spread
from benchmarks.world import World, store_patients
from sandbox.processes import Child, Service
from shared.adapters.queue_rest import StorageQueues
from shared.queues import CHANGES
from shared.usecases.jobs import Change, Envelope, encode_job

_LOOK = 0.005
_LIMIT = 60.0


async def measure(world: World, times: int) -> Json:
    """Stop the host and start it so often, a change waiting for it each time; the median counts."""
    await store_patients(world.services, range(times), 100)
    host = next(child for child in world.stack.children if child.service.name == "host")
    await asyncio.to_thread(host.stop)
    with tempfile.TemporaryDirectory() as cache:
        service = _with_bytecode(host.service, cache)
        await _started(world, service, 0)  # writes the bytecode
        runs = [await _started(world, service, number) for number in range(times)]
    named = dict(zip(("first_answer", "ready", "first_change"), zip(*runs, strict=True), strict=True))
    return {
        "first_change_seconds": below(median(named["first_change"]), 3.0),
        **{f"{name}_spread_seconds": spread(seconds) for name, seconds in named.items()},
    }


def _with_bytecode(service: Service, cache: str) -> Service:
    """Run it with bytecode in a folder of ours, as the package has it."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return replace(service, env={**service.env, "PYTHONPYCACHEPREFIX": cache})


async def _started(world: World, service: Service, number: int) -> tuple[float, float, float]:
    """Start the host, one change waiting, and stop it; returns seconds to answer, ready and change."""
    observation = people.observation_id(number, time.time_ns(), sends=False)
    job = Change("Observation", observation, "1", "created")
    await StorageQueues(world.rest("queue")).send(CHANGES, encode_job(job, Envelope()))
    began = time.perf_counter()
    child = Child(service, world.stack.plan.folder / "logs")
    try:
        found = await asyncio.gather(
            _when(began, lambda: _answers(world, service, "live")),
            _when(began, lambda: _answers(world, service, "ready")),
            _when(began, lambda: _handled(world)),
        )
    finally:
        await asyncio.to_thread(child.stop)
    return found[0], found[1], found[2]


async def _when(began: float, holds: Callable[[], Awaitable[bool]]) -> float:
    async with asyncio.timeout(_LIMIT):
        while not await holds():  # noqa: ASYNC110  # it is about another process
            await asyncio.sleep(_LOOK)
    return time.perf_counter() - began


async def _answers(world: World, service: Service, name: str) -> bool:
    try:
        async with world.session.get(f"{service.url}/api/health/{name}") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def _handled(world: World) -> bool:
    try:
        return await world.succeeded() > 0
    except (aiohttp.ClientError, KeyError):
        return False
