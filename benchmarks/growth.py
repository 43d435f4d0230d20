"""How the cost of a change grows: with the number of segments published, and of patients stored."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from collections.abc import Sequence
from itertools import count

from benchmarks import people
from benchmarks.documents import one_message, segments
from benchmarks.feed import feed
from benchmarks.full_path import Tell
from benchmarks.report import Json, at_most, tidy
from benchmarks.sizes import Sizes
from benchmarks.world import World, store_patients
from shared.adapters.clock import SystemClock
from shared.adapters.memory import MemoryDocuments, MemoryIndexes, MemoryPatients, MemoryQueue
from shared.adapters.memory_fhir import MemoryFhir
from shared.adapters.table_store import TABLE
from shared.adapters.tables import Write
from shared.catalogue import Catalogue, Document, build_catalogue
from shared.decide import decide_all
from shared.events import ResourceChanged
from shared.fhir.project import project
from shared.message.policy import Policy
from shared.patient.record import patient_key
from shared.usecases.publish import publish
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services

_POLICY = Policy(zone=people.ZONE.key)
_FILLER = 100
"""Rows of one transaction: what a partition may take at once."""
_PEOPLE = 20
_HELD = 1000
"""So many segments and fewer are held to the target; more are reported."""
_TURNS = 4
"""The least disturbed of so many counts."""
_SETTLE = 1.5
"""Seconds after a publication in which the host notices it."""
_fresh = count(1)


class _Fixed:
    """Definitions that never change."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def current(self, at_least: str = "") -> Catalogue:
        """Return them."""
        return self._catalogue


async def in_memory(counts: Sequence[int], reactions: int) -> Json:
    """Measure the CPU of deciding, and of load → decide → commit → drain over memory, by segments."""
    found = {str(number): await _of_segments(number, reactions) for number in counts}
    held = {name: one for name, one in found.items() if int(name) <= _HELD}
    names = ("decide_cpu_us", "react_cpu_us")
    beyond = {
        f"{name}_growth_at_{number}": tidy(found[number][name] / next(iter(found.values()))[name])
        for number in found.keys() - held.keys()
        for name in names
    }
    return {**found, **_ratios(held, *names), **beyond}


async def _of_segments(number: int, reactions: int) -> dict[str, float]:
    documents = (*one_message(), *segments(number))
    began = time.process_time()
    catalogue = build_catalogue(documents, f"of {number}", _POLICY)
    compiled = time.process_time() - began
    decided, reacted = await _in_memory(catalogue, reactions)
    return {
        "decide_cpu_us": tidy(decided),
        "react_cpu_us": tidy(reacted),
        "compile_cpu_s": tidy(compiled),
        "memory_mib": tidy(_memory_mib(documents)),
    }


def _memory_mib(documents: Sequence[Document]) -> float:
    """Build the catalogue once more, counting what it keeps: counting slows everything down."""
    tracemalloc.start()
    try:
        kept = build_catalogue(documents, "counted", _POLICY)
        gc.collect()
        assert len(kept.segments)
        return tracemalloc.get_traced_memory()[0] / 2**20
    finally:
        tracemalloc.stop()


async def _in_memory(catalogue: Catalogue, reactions: int) -> tuple[float, float]:
    services = _memory(catalogue)
    await store_patients(services, range(_PEOPLE), 100)
    decided, reacted = [], []
    for turn in range(reactions):
        patient = turn % _PEOPLE
        event = _changed(patient, turn)
        stored = await services.patients.load(patient_key(f"p-{patient}"))
        catalogue, now = await services.definitions.current(), services.clock.now()
        began = time.process_time()
        decide_all(stored.record, [event], catalogue, now)
        decided.append(time.process_time() - began)
        began = time.process_time()
        await react(services, stored.record.key, [event], Trigger(f"t{turn}"), f"p-{patient}")
        reacted.append(time.process_time() - began)
    return 1e6 * _middle(decided), 1e6 * _middle(reacted)


def _memory(catalogue: Catalogue) -> Services:
    clock = SystemClock()
    return Services(
        patients=MemoryPatients(),
        indexes=MemoryIndexes(),
        documents=MemoryDocuments(),
        queue=MemoryQueue(),
        fhir=MemoryFhir(clock),
        channels={},
        definitions=_Fixed(catalogue),
        clock=clock,
        policy=_POLICY,
    )


def _changed(patient: int, turn: int) -> ResourceChanged:
    name = people.observation_id(patient, turn * 7, sends=False)
    return ResourceChanged(project(people.observation(name), people.ZONE).content)


def _middle(values: list[float]) -> float:
    """Average the middle half: neither the first calls nor the disturbed ones."""
    kept = sorted(values)[len(values) // 4 : max(3 * len(values) // 4, 1)]
    return sum(kept) / len(kept)


async def with_segments(world: World, sizes: Sizes, tell: Tell) -> Json:
    """Measure the full path with more and more segments published."""
    found: dict[str, dict[str, float]] = {}
    for number in sizes.segments:
        tell(f"full path with {number} segments")
        await publish(world.services, segments(number))
        await asyncio.sleep(_SETTLE)
        found[str(number)] = await _full(world, sizes)
    return {**found, **_ratios(found, "worker_cpu_ms")}


async def with_patients(world: World, sizes: Sizes, tell: Tell) -> Json:
    """Measure the full path with more and more patients in the table."""
    found: dict[str, dict[str, float]] = {}
    filled = 0
    for number in sizes.rows:
        tell(f"filling the table with {number} patients")
        await _fill(world, filled, number)
        filled = number
        tell(f"full path with {number} patients")
        found[str(number)] = await _full(world, sizes)
    return {**found, **_ratios(found, "worker_cpu_ms", "table_cpu_ms")}


async def _full(world: World, sizes: Sizes) -> dict[str, float]:
    """Feed silent changes of new patients, after a warm-up; least CPU of a change, and the rate."""
    first = 100_000 * next(_fresh)
    await store_patients(world.services, range(first, first + sizes.growth_patients), 100)
    await feed(world, _silent(first, sizes.growth_patients, sizes.growth_patients, 0))
    share = sizes.growth_changes // _TURNS
    turns = [
        await feed(world, _silent(first, sizes.growth_patients, share, turn)) for turn in range(1, _TURNS + 1)
    ]
    return {
        "worker_cpu_ms": tidy(1000 * min(turn.cpu["host"] / turn.changes for turn in turns)),
        "table_cpu_ms": tidy(1000 * min(turn.cpu["azurite-table"] / turn.changes for turn in turns)),
        "changes_per_second": tidy(max(turn.rate for turn in turns)),
    }


def _silent(first: int, patients: int, changes: int, turn: int) -> list[str]:
    return [
        people.observation_id(first + place % patients, 10_000 * turn + 7 * place, sends=False)
        for place in range(changes)
    ]


async def _fill(world: World, start: int, end: int) -> None:
    """Add rows as patients have them, a hundred to a partition, as only so a transaction can hold many."""
    waiting = iter(range(start, end, _FILLER))

    async def work() -> None:
        for first in waiting:
            shared = patient_key(f"filler-{first}")
            rows = [patient_key(f"filler-{first + place}") for place in range(_FILLER)]
            writes = [
                Write("insert", shared, f"{row}-0", {"rows": 1, "due": 0, "sequence": 1}) for row in rows
            ]
            await world.tables.transact(TABLE, writes)

    await asyncio.gather(*(work() for _ in range(4)))


def _ratios(found: dict[str, dict[str, float]], *names: str) -> dict[str, object]:
    """Hold the dearest against the cheapest size."""
    first, *_, last = found
    return {f"{name}_growth": at_most(found[last][name] / found[first][name], 1.5) for name in names}
