"""Waiting in milliseconds, message by message, where the simulation of days sees only steps of seconds.

By SimPy (https://simpy.readthedocs.io): instances with a place for each message that they take at once, and
one core, which a message needs between its round trips. Held to Erlang's closed form where that applies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import simpy

SHAPE = 4.0
"""Of the gamma distribution of round trips: a standard deviation of half their mean."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a message needs: CPU and round trips in turn, milliseconds in all."""

    cpu_ms: float
    trips_ms: float
    trips: int


def m_m_c(rate: float, mean: float, servers: int, number: int, seed: int = 1) -> float:
    """Simulate Poisson arrivals, exponential service, some servers; the mean wait of all who came."""
    chance, world = Random(seed), simpy.Environment()
    desk = simpy.Resource(world, servers)
    waits: list[float] = []

    def come() -> Iterator[Any]:
        came = world.now
        with desk.request() as turn:
            yield turn
            waits.append(world.now - came)
            yield world.timeout(chance.expovariate(1 / mean))

    def door() -> Iterator[Any]:
        for _ in range(number):
            yield world.timeout(chance.expovariate(rate))
            world.process(come())

    world.process(door())
    world.run()
    return sum(waits) / number


def erlang_wait(rate: float, mean: float, servers: int) -> float:
    """Return the mean wait of that queue, by Erlang's formula C."""
    load = rate * mean
    blocked = 1.0
    for server in range(1, servers + 1):  # formula B, then C from it
        blocked = load * blocked / (server + load * blocked)
    use = load / servers
    return blocked / (1 - use + use * blocked) * mean / (servers - load)


def latencies(
    work: Work, rate: float, instances: int, concurrency: int, number: int = 20_000, seed: int = 1
) -> list[float]:
    """Simulate messages that come by chance, so many a second; the milliseconds that each took, in order."""
    chance, world = Random(seed), simpy.Environment()
    hosts = [(simpy.Resource(world, concurrency), simpy.Resource(world, 1)) for _ in range(instances)]
    found: list[float] = []

    def message() -> Iterator[Any]:
        came = world.now
        places, core = hosts[chance.randrange(instances)]
        with places.request() as place:
            yield place
            for part in range(work.trips + 1):
                with core.request() as turn:
                    yield turn
                    yield world.timeout(work.cpu_ms / (work.trips + 1))
                if part < work.trips:
                    mean = work.trips_ms / work.trips
                    yield world.timeout(chance.gammavariate(SHAPE, mean / SHAPE))
        found.append(world.now - came)

    def source() -> Iterator[Any]:
        for _ in range(number):
            yield world.timeout(chance.expovariate(rate / 1000))
            world.process(message())

    world.process(source())
    world.run()
    return sorted(found)
