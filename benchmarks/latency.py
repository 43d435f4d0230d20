"""From resource written to ACS called, at a steady pace: one notification a change, every change sends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import orjson

from benchmarks import people
from benchmarks.feed import events, post
from benchmarks.full_path import Tell, warm_up, works
from benchmarks.report import Json, below, percentile, tidy
from benchmarks.sizes import Sizes
from benchmarks.world import World, store_patients
from shared.fhir.instants import SECOND, parse_instant

PACE = 50.0
"""Changes a second at which Parcelvoy, the open-source peer, has a p99 of 101 ms on two cores."""

_LOOK = 0.2
_START = 1.0
"""Seconds at the pace before it counts: queues that were idle are read once a second only."""


async def at_fixed_pace(world: World, sizes: Sizes, tell: Tell) -> Json:
    """Measure at the peer's pace, while the emulated tables are small."""
    found = await _measured(world, sizes, PACE, tell)
    return {**summary(found), "p99_ms": below(percentile(found, 99), 100)}


async def at_half(world: World, sizes: Sizes, most: float, tell: Tell) -> Json:
    """Measure at half of the measured maximum, changes a second."""
    return {**summary(await _measured(world, sizes, most / 2, tell)), "pace": tidy(most / 2)}


async def _measured(world: World, sizes: Sizes, pace: float, tell: Tell) -> list[float]:
    tell(f"latency at {pace:.0f}/s")
    await store_patients(world.services, range(sizes.paced_patients), sizes.facts)
    await warm_up(world, sizes.warm_up, sizes.paced_patients, 0)
    return await _paced(world, sizes.paced_patients, pace, sizes.paced)


def summary(milliseconds: Sequence[float]) -> dict[str, object]:
    """Sum up latencies in milliseconds."""
    found = {f"p{percent}_ms": tidy(percentile(milliseconds, percent)) for percent in (50, 90, 99)}
    return {**found, "changes": len(milliseconds)}


async def _paced(world: World, patients: int, pace: float, seconds: float) -> list[float]:
    """Notify at the pace, each change on time whatever became of those before; return all latencies in ms."""
    work = works(min(round(pace * seconds), patients), patients, 1)  # one a patient: numbers tell them apart
    await _forget(world)
    written: dict[str, int] = {}
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as posts:
        for place, one in enumerate(work):
            await asyncio.sleep(max(0.0, began + place / pace - loop.time()))
            written[people.phone(one.number)] = world.stack.clock.now()
            posts.create_task(post(world, events([one.observation])))
    called = await _called(world, set(written))
    steady = list(written.items())[round(pace * _START) :]
    return [1000 * (called[to] - at) / SECOND for to, at in steady]


async def _forget(world: World) -> None:
    async with world.session.delete(f"{world.stack.urls['acs']}/sandbox/messages") as answer:
        answer.raise_for_status()


async def _called(world: World, expected: set[str]) -> Mapping[str, int]:
    """Wait until all these numbers have their message; when each was accepted first, by the same clock."""
    async with asyncio.timeout(60):
        while not expected <= (found := await _accepted(world)).keys():  # noqa: ASYNC110 # another process sends
            await asyncio.sleep(_LOOK)
    return found


async def _accepted(world: World) -> Mapping[str, int]:
    async with world.session.get(f"{world.stack.urls['acs']}/sandbox/messages") as answer:
        messages = orjson.loads(await answer.read())["messages"]
    return {message["to"]: parse_instant(message["at"]) for message in reversed(messages)}
