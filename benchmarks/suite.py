"""The measurements by name, in the order in which they are made; each gives one part of the report."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from benchmarks import (
    admin_start,
    analytics,
    clients,
    cold_start,
    evaluation,
    full_path,
    growth,
    imports,
    latency,
    messages,
    populate,
    preview,
    record,
    simulation,
    trail,
    views,
    wakeups,
)
from benchmarks.documents import one_message
from benchmarks.full_path import Tell
from benchmarks.sizes import FULL, Sizes
from benchmarks.world import world
from cli.definitions import read_definitions

type Part = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Run:
    """What a measurement is given."""

    sizes: Sizes
    tell: Tell


type Measure = Callable[[Run], Awaitable[Part]]


async def _imports(run: Run) -> Part:
    run.tell("importing function_app")
    return imports.measure(run.sizes.imports)


async def _cold_start(run: Run) -> Part:
    run.tell("cold starts")
    async with world(one_message()) as stack:
        found = await cold_start.measure(stack, run.sizes.cold_starts)
    return {**found, "admin_api": admin_start.measure(run.sizes.cold_starts)}


async def _path(run: Run) -> Part:
    """Measure latency at a fixed pace, throughput, and then, on a fresh stack, latency at half of that."""
    documents = (*read_definitions(), *one_message())
    async with world(documents) as stack:
        paced = await latency.at_fixed_pace(stack, run.sizes, run.tell)
        found = await full_path.measure(stack, run.sizes, run.tell)
    rates = found["every_change_sends"]["rates"]
    assert isinstance(rates, list)
    async with world(documents) as stack:
        half = await latency.at_half(stack, run.sizes, max(rates), run.tell)
    return {**found, "latency_at_50_per_second": paced, "latency_at_half_of_maximum": half}


async def _records(run: Run) -> Part:
    run.tell("records")
    async with world(one_message()) as stack:
        return await record.measure(stack, run.sizes.records, run.sizes.repeats)


async def _clients(run: Run) -> Part:
    run.tell("lean client and SDK")
    async with world(one_message()) as stack:
        return await clients.measure(stack, run.sizes.operations)


async def _segments(run: Run) -> Part:
    run.tell("segments, in memory")
    found = {"in_memory": await growth.in_memory(run.sizes.many_segments, run.sizes.reactions)}
    async with world(one_message()) as stack:
        return {**found, "full_path": await growth.with_segments(stack, run.sizes, run.tell)}


async def _evaluation(run: Run) -> Part:
    return evaluation.measure(run.sizes, run.tell)


async def _patients(run: Run) -> Part:
    async with world(one_message()) as stack:
        return await growth.with_patients(stack, run.sizes, run.tell)


async def _populate(run: Run) -> Part:
    return await populate.measure(run.sizes, run.tell)


async def _wakeups(run: Run) -> Part:
    return await wakeups.measure(run.sizes, run.tell)


async def _messages(run: Run) -> Part:
    return messages.measure(run.tell)


async def _preview(run: Run) -> Part:
    return preview.measure(preview.MILLION if run.sizes == FULL else preview.MILLION // 10, run.tell)


async def _simulation(run: Run) -> Part:
    return simulation.measure(run.sizes.simulated, run.tell)


async def _views(run: Run) -> Part:
    return await views.measure(run.sizes, run.tell)


async def _trail(run: Run) -> Part:
    return await trail.measure(run.sizes, run.tell)


async def _analytics(run: Run) -> Part:
    return await analytics.measure(run.sizes.lines, run.sizes.reactions, run.tell)


SUITE: Mapping[str, Measure] = {
    "import": _imports,
    "cold_start": _cold_start,
    "full_path": _path,
    "record": _records,
    "clients": _clients,
    "evaluation": _evaluation,
    "segments": _segments,
    "patients": _patients,
    "populate": _populate,
    "wakeups": _wakeups,
    "messages": _messages,
    "preview": _preview,
    "simulation": _simulation,
    "analytics": _analytics,
    "views": _views,
    "audit_trail": _trail,
}
