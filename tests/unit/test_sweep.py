"""The sweep looks at everybody, however many there are: slice by slice, and on where the last call ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.adapters.memory import MemoryQueue
from shared.fhir.instants import Instant
from shared.ports import BEYOND, Behind
from shared.queues import OUTBOX
from shared.usecases.jobs import Refresh, decode_job
from shared.usecases.population import key_range
from shared.usecases.services import Services
from shared.usecases.sweep import AT_ONCE, sweep
from tests.unit.memory_kit import Time, in_memory

KEYS = tuple(f"{number * 2**32 // 100:08x}" + "0" * 24 for number in range(100))
"""A hundred patients, evenly spread, all of whom have work left."""


class Crowd:
    """Patients of whom only so many can be looked at in time at once; `hanging` really takes for ever."""

    def __init__(self, in_time: int, *, hanging: bool = False) -> None:
        self.in_time = in_time
        self.hanging = hanging
        self.looks = 0

    async def pending(
        self, overdue: Instant, behind: Behind | None = None, lower: str = "", upper: str = BEYOND
    ) -> AsyncIterator[str]:
        found = [key for key in KEYS if lower <= key < upper]
        self.looks += 1
        for number, key in enumerate(found):
            if number >= self.in_time:
                if not self.hanging:
                    raise TimeoutError
                await asyncio.Event().wait()
            yield key


@pytest.fixture
def services() -> Services:
    return in_memory(Time())


def crowded(services: Services, in_time: int) -> Services:
    return replace(services, patients=Crowd(in_time))


def queued(services: Services) -> list[str]:
    assert isinstance(services.queue, MemoryQueue)
    jobs = [decode_job(letter.body) for letter in services.queue.queues[OUTBOX]]
    services.queue.queues[OUTBOX].clear()
    return [job.key for job in jobs if isinstance(job, Refresh)]


@given(st.integers(1, 4096), st.text("0123456789abcdef", min_size=32, max_size=32))
def test_every_key_is_in_just_one_slice(parts: int, key: str) -> None:
    inside = [
        number for number in range(parts) if key_range(number, parts)[0] <= key < key_range(number, parts)[1]
    ]
    assert len(inside) == 1


async def test_few_are_looked_at_in_one_go(services: Services) -> None:
    ready = crowded(services, 100)
    assert await sweep(ready) == 100
    assert ready.patients.looks == 1  # type: ignore[attr-defined]
    assert queued(ready) == list(KEYS)


async def test_where_there_are_too_many_slices_are_halved_until_all_are_seen(services: Services) -> None:
    """What was found in time before is queued as well: to look at somebody twice does no harm."""
    ready = crowded(services, 10)
    await sweep(ready)
    assert set(queued(ready)) == set(KEYS)
    assert await sweep(ready) == 100  # it has learned
    assert sorted(queued(ready)) == list(KEYS)


async def test_what_takes_too_long_is_broken_off(services: Services) -> None:
    ready = replace(services, patients=Crowd(60, hanging=True))
    await sweep(ready, within=0.05)
    assert set(queued(ready)) == set(KEYS)


async def test_a_call_that_ends_early_is_gone_on_with(services: Services) -> None:
    """In the end everybody was looked at, and nobody for the second time before the last for the first."""
    ready = crowded(services, 4)
    await sweep(ready)
    queued(ready)
    seen: list[str] = []
    calls = 0
    while len(seen) < 100:
        await sweep(ready, seconds=0.0)
        seen += queued(ready)
        calls += 1
    assert sorted(seen) == list(KEYS)
    assert calls == 32 // AT_ONCE


async def test_two_at_once_do_no_harm(services: Services) -> None:
    ready = crowded(services, 100)
    await asyncio.gather(sweep(ready), sweep(ready))
    assert set(queued(ready)) == set(KEYS)
