"""What the audit trail costs: an append beside the bare insert of an entity, many at once, a page, the proof.

On Azurite, as the functions host would; pages of the list are compared at two lengths of the trail, by the
rows that are read: the emulator's own scans are no cost of ours.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from statistics import median
from typing import cast

from benchmarks.full_path import Tell
from benchmarks.populate import Storage, storage
from benchmarks.record import timed
from benchmarks.report import Json, at_most, tidy
from benchmarks.sizes import Sizes
from shared.access.chain import Sealer
from shared.adapters.memory_trail import MemoryLanes
from shared.adapters.table_trail import AUDIT, TableLanes
from shared.adapters.tables import Entity, Write
from shared.adapters.trail_chained import ChainedTrail
from shared.fhir.instants import Instant
from shared.ports.trail import AuditEntry, encode_entry
from shared.usecases.trail.lane import prove_lane
from shared.usecases.trail.listing import Wanted, list_entries

AT_ONCE = 100
PAGE = 50
_START = 1_772_442_000_000_000
_SEALER = Sealer([b"a secret of the audit trail, for figures"])
_numbers = count()

type Read = Callable[[int, str, str, int], Awaitable[tuple[tuple[str, Entity], ...]]]
type Work = Callable[[], Awaitable[None]]


async def measure(sizes: Sizes, tell: Tell) -> Json:
    """Measure appends, pages and the proof."""
    few, many = sizes.audited
    tell(f"audit trails of {sizes.listed}, in memory")
    counted = await _counted_in_memory(sizes.listed)
    async with storage() as at:
        tell("appending to the audit trail")
        found = await _appends(at, sizes.operations)
        pages = {}
        for length in (few, many):
            tell(f"an audit trail of {length}")
            await _fill(at, length)
            pages[length] = await _pages(at)
        tell("proving the audit trail")
        found |= {"proof": await _proof(at)}
    return {
        **found,
        **counted,
        "pages": {str(length): page for length, page in pages.items()},
        **_flat(pages, few, many),
    }


def an_entry(request: str = "") -> AuditEntry:
    """Return an entry as a read of a patient leaves it."""
    number = next(_numbers)
    return AuditEntry(
        at=Instant(_START + number),
        request=request or f"5b1f0a52-7d6c-4d0e-8f64-{number:012d}",
        operation="getPatient",
        kind="read",
        outcome="done",
        by=f"0d5c8b5e-6a1f-4a3b-9f55-{number % 50:012d}",
        roles=("Agent",),
        patient=f"{number % 1000:032x}",
        address="198.51.100.7",
    )


def _trail(at: Storage) -> ChainedTrail:
    return ChainedTrail(TableLanes(at.tables), _SEALER)


async def _appends(at: Storage, repeats: int) -> dict[str, object]:
    trail = _trail(at)

    async def append() -> None:
        await trail.append(an_entry())

    async def insert() -> None:
        number, body = next(_numbers), encode_entry(an_entry())
        await at.tables.write(AUDIT, Write("insert", "bare", f"{number:020d}", {"body": body}))

    async def together() -> None:
        await asyncio.gather(*(trail.append(an_entry()) for _ in range(AT_ONCE)))

    both = await _in_turn(append, insert, repeats)
    crowd = await timed("hundred_at_once", together, max(repeats // 10, 5))
    (one, one_cpu), (bare, bare_cpu) = both
    share = _cpu(crowd, "hundred_at_once") / AT_ONCE
    return {
        "append_ms": tidy(one),
        "append_cpu_ms": tidy(one_cpu),
        "bare_insert_ms": tidy(bare),
        "bare_insert_cpu_ms": tidy(bare_cpu),
        **crowd,
        "append_to_bare_insert": at_most(one / bare, 4),
        "cpu_of_each_of_hundred_to_bare_insert": at_most(share / bare_cpu, 0.5),
    }


async def _in_turn(first: Work, second: Work, repeats: int) -> list[tuple[float, float]]:
    """Take turns, so that both meet the same noise; milliseconds in the middle, elapsed and of CPU."""
    spent: list[list[tuple[float, float]]] = [[], []]
    for _ in range(repeats):
        for each, work in zip(spent, (first, second), strict=True):
            used, began = time.process_time(), time.perf_counter()
            await work()
            each.append((1000 * (time.perf_counter() - began), 1000 * (time.process_time() - used)))
    return [(median(wall for wall, _ in each), median(cpu for _, cpu in each)) for each in spent]


def _elapsed(found: Mapping[str, object], name: str) -> float:
    return cast("float", found[f"{name}_elapsed_ms_median"])


def _cpu(found: Mapping[str, object], name: str) -> float:
    return cast("dict[str, float]", found[f"{name}_cpu_ms"])["median"]


async def _fill(at: Storage, length: int) -> None:
    trail, there = _trail(at), 0
    for lane in range(8):
        there += (await trail.head(lane)).number
    for start in range(there, length, 500):
        await asyncio.gather(*(trail.append(an_entry()) for _ in range(min(500, length - start))))


async def _counted_in_memory(lengths: tuple[int, int]) -> dict[str, object]:
    """Count the rows that a page reads of a short trail and of a long one."""
    read: list[int] = []
    for length in lengths:
        lanes, rows = MemoryLanes(), [0]
        trail = ChainedTrail(lanes, _SEALER)
        for start in range(0, length, 1000):
            await asyncio.gather(*(trail.append(an_entry()) for _ in range(min(1000, length - start))))
        inner = lanes.range

        async def counted(
            lane: int, beyond: str, upto: str, limit: int, inner: Read = inner, rows: list[int] = rows
        ) -> tuple[tuple[str, Entity], ...]:
            found = await inner(lane, beyond, upto, limit)
            rows[0] += len(found)
            return found

        lanes.range = counted  # type: ignore[method-assign]
        await list_entries(trail, Wanted(), None, PAGE)
        read.append(rows[0])
    return {"in_memory": {"rows": read, "grown": at_most(read[1] / read[0], 1.2)}}


class _Counted(TableLanes):
    """Rows that are counted as they are read."""

    queries = rows = 0

    async def range(self, lane: int, beyond: str, upto: str, limit: int) -> tuple[tuple[str, Entity], ...]:
        """See Lanes.range."""
        found = await super().range(lane, beyond, upto, limit)
        self.queries, self.rows = self.queries + 1, self.rows + len(found)
        return found


async def _pages(at: Storage) -> dict[str, object]:
    lanes = _Counted(at.tables)
    trail = ChainedTrail(lanes, _SEALER)

    async def latest() -> None:
        found, _ = await list_entries(trail, Wanted(), None, PAGE)
        assert len(found) == PAGE

    async def of_patient() -> None:
        await list_entries(trail, Wanted(patient=f"{7:032x}"), None, PAGE)

    async def filtered() -> None:
        await list_entries(trail, Wanted(outcome="refused"), None, PAGE)

    await latest()
    return {
        "queries": lanes.queries,
        "rows": lanes.rows,
        **await timed("latest", latest, 20),
        **await timed("of_patient", of_patient, 20),
        **await timed("filtered_for_nothing", filtered, 3),
    }


def _flat(pages: Mapping[int, Mapping[str, object]], few: int, many: int) -> dict[str, object]:
    rows = [cast("int", pages[length]["rows"]) for length in (few, many)]
    grown = _elapsed(pages[many], "latest") / _elapsed(pages[few], "latest")
    return {"rows_of_a_page_grown": at_most(rows[1] / rows[0], 1.2), "elapsed_of_a_page_grown": tidy(grown)}


async def _proof(at: Storage) -> Json:
    trail, looked_at, used, began = _trail(at), 0, time.process_time(), time.perf_counter()

    async def told(more: int) -> None:
        nonlocal looked_at
        looked_at += more

    entries = 0
    for lane in range(8):
        entries += (await prove_lane(trail, lane, set(), told)).entries
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    per = {"entries_per_second": tidy(entries / seconds), "cpu_us_per_entry": tidy(1e6 * cpu / entries)}
    return {"entries": entries, "rows": looked_at, **per}
