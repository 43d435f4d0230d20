"""From resource written to ACS called, at a steady pace: one notification a change, every change sends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import orjson

from benchmarks import people
from benchmarks.feed import events, post
from benchmarks.full_path import Tell, works
from benchmarks.report import Json, below, percentile, tidy
from benchmarks.world import World
from shared.fhir.instants import SECOND, parse_instant

PACE = 50.0
"""Changes a second at which Parcelvoy, the open-source peer, has a p99 of 101 ms on two cores."""

_LOOK = 0.2
_START = 1.0
"""Seconds at the pace before it counts: queues that were idle are read once a second only."""


async def measure(world: World, patients: int, seconds: float, most: float, tell: Tell) -> dict[str, Json]:
    """Measure at 50 a second, and at half of the measured maximum `most`."""
    tell(f"latency at {PACE:g}/s")
    at_pace = await _paced(world, patients, PACE, seconds)
    tell(f"latency at half of the maximum, {most / 2:.0f}/s")
    at_half = await _paced(world, patients, most / 2, seconds)
    return {
        "at_50_per_second": {**summary(at_pace), "p99_ms": below(percentile(at_pace, 99), 100)},
        "at_half_of_maximum": {**summary(at_half), "pace": tidy(most / 2)},
    }


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
