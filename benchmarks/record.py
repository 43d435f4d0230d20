"""A patient's record: packing and unpacking alone, and through the store on Azurite."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from statistics import median

from msgspec.structs import replace

from benchmarks import people
from benchmarks.report import Json, below, spread, tidy
from benchmarks.world import World
from shared.adapters.table_store import TablePatientStore
from shared.fhir.fact import Fact
from shared.patient.facts import Facts
from shared.patient.packing import pack, unpack
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.ports import Stored


async def measure(world: World, sizes: Sequence[int], repeats: int) -> dict[str, Json]:
    """Measure records of these many facts."""
    return {f"{size}_facts": await _record(world, size, repeats) for size in sizes}


async def _record(world: World, size: int, repeats: int) -> Json:
    chunks = pack(_fresh("pure", size))
    decode = cpu_ms(lambda: _decode(chunks), repeats)
    found: dict[str, object] = {
        "packed_bytes": sum(map(len, chunks.values())),
        "decode_cpu_ms": spread(decode),
        "decode_head_only_cpu_ms": spread(cpu_ms(lambda: unpack("pure", chunks), repeats)),
        "pack_all_cpu_ms": spread(cpu_ms(lambda: pack(_fresh("pure", size)), repeats)),
        "pack_one_change_cpu_ms": spread(_pack_one(chunks, repeats)),
        **await _stored(world, size, repeats),
    }
    if size == 5000:
        found["decode_cpu_ms_best"] = below(min(decode), 10)
    return found


def _fresh(key: str, size: int) -> PatientRecord:
    return PatientRecord(
        key=key, patient_id="p-0", person=people.person(0), facts=Facts.of_facts(*people.facts(size))
    )


def _decode(chunks: dict[str, bytes]) -> int:
    """Decode every fact: the most that a decision can ask for."""
    return sum(1 for _ in unpack("pure", chunks).facts)


def _news(number: int) -> Fact:
    return Fact("Observation", f"new-{number}", "1", people.START, status="final", start=people.START)


def _pack_one(chunks: dict[str, bytes], repeats: int) -> list[float]:
    """Pack after one more Observation, from the packed record on: what a change costs."""

    def change() -> None:
        record = unpack("pure", chunks)
        pack(replace(record, facts=record.facts.with_fact(_news(0))))

    return cpu_ms(change, repeats)


async def _stored(world: World, size: int, repeats: int) -> dict[str, object]:
    store = TablePatientStore(world.tables)
    key = patient_key(f"record-{size}")
    empty = Stored(PatientRecord(key=key, patient_id="p-0"))
    await store.commit(empty, Decision(_fresh(key, size)))

    async def load() -> None:
        stored = await store.load(key)
        assert sum(1 for _ in stored.record.facts) >= size

    latest = [await store.load(key)]

    async def commit() -> None:
        record = latest[0].record
        changed = replace(record, facts=record.facts.with_fact(_news(record.sequence)))
        latest[0] = await store.commit(latest[0], Decision(changed))

    return {
        **await timed("load_and_decode", load, repeats),
        **await timed("commit_of_one_change", commit, repeats),
    }


def cpu_ms(work: Callable[[], object], repeats: int) -> list[float]:
    """Run it again and again; milliseconds of this process's CPU each time, the first left out."""
    work()
    found: list[float] = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        found.append(1000 * (time.process_time() - began))
    return found


async def timed(name: str, work: Callable[[], Awaitable[None]], repeats: int) -> dict[str, object]:
    """Run it again and again, one after the other: CPU of this process and elapsed time, milliseconds."""
    await work()
    cpu, wall = [], []
    for _ in range(repeats):
        used, began = time.process_time(), time.perf_counter()
        await work()
        cpu.append(1000 * (time.process_time() - used))
        wall.append(1000 * (time.perf_counter() - began))
    return {f"{name}_cpu_ms": spread(cpu), f"{name}_elapsed_ms_median": tidy(median(wall))}
