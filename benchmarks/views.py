"""What staff look at: all of a patient at a glance, and pages of lists, however much there is.

The glance on Azurite, beside the bare read of its one row and beside the query of all rows that it saves.
Pages twice: counted over tables in memory, and timed on Azurite beside the bare query of the same rows, as an
emulator's own scans are no cost of ours.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from statistics import median

import httpx
from msgspec.structs import replace

from benchmarks import people
from benchmarks.full_path import Tell
from benchmarks.organisation.counting import CountingTables, Tally
from benchmarks.populate import Storage, storage
from benchmarks.report import Json, at_most, tidy
from benchmarks.sizes import Sizes
from benchmarks.views_lists import count_pages
from functions.admin.app import build
from functions.admin.routes import PREFIX
from shared.access.roles import Caller, Role
from shared.adapters.memory_trail import MemoryTrail
from shared.adapters.table_documents import DOCUMENTS, TableDocuments, row_of
from shared.adapters.table_store import TABLE, TablePatientStore
from shared.adapters.tables import Property, TableService, Write
from shared.fhir.instants import Instant
from shared.patient.facts import Facts
from shared.patient.record import Decision, PatientRecord, TimelineLine, patient_key
from shared.patient.state import Message
from shared.ports.glance import NEWEST
from shared.usecases.services import Services

FACTS, MESSAGES = 5000, 500
KEY = patient_key("seen")
_REPEATS = 40
_WARM_UP = 5
_PAGE = 50


async def measure(sizes: Sizes, tell: Tell) -> Json:
    """Measure the glance, and pages of lists of two sizes."""
    async with storage() as at:
        tell("a patient of 5,000 facts and 500 messages")
        await _live(TablePatientStore(at.tables))
        found: dict[str, object] = {"glance": await _glance(at)}
        tell(f"lists of {sizes.listed_stored}, on Azurite")
        pages = await _pages(at, sizes.listed_stored)
    tell(f"lists of {sizes.listed[1]}, in memory")
    return {**found, "pages_on_azurite": pages, "pages": await count_pages(*sizes.listed)}


async def _live(store: TablePatientStore) -> None:
    """Commit a past, and a message and a line at a time."""
    past = Facts.of_facts(*people.facts(FACTS))
    record = PatientRecord(KEY, "seen", people.person(0), past)
    stored = await store.commit(await store.load(KEY, "seen"), Decision(record))
    for number in range(MESSAGES):
        line = TimelineLine(Instant(people.START + number), "message", f"Sent by SMS, number {number}")
        decision = Decision(stored.record, timeline=(line,), messages=(_message(number),))
        stored = await store.commit(stored, decision)


def _message(number: int) -> Message:
    at = Instant(people.START + number)
    return Message(
        f"message-{number:04d}", "e", number, "s", "https://j.example|1", "https://t.example|1", "sms",
        people.phone(0), "en", "completed", at, at, text="Hello, it is time for a check-up." * 3,
    )  # fmt: skip


async def _glance(at: Storage) -> Json:
    tally = Tally()
    counted = TablePatientStore(CountingTables(at.tables, tally))
    seen = await counted.glance(KEY)
    assert (len(seen.lines), len(seen.messages)) == (NEWEST, NEWEST)
    round_trips = tally.counts["table_reads"] + tally.counts["table_queries"]
    store = TablePatientStore(at.tables)
    whole = f"PartitionKey eq '{KEY}'"

    async def glance() -> None:
        await store.glance(KEY)

    async def bare_read() -> None:
        await at.tables.get(TABLE, KEY, f"{KEY}-0")

    async def all_rows() -> None:
        assert len([row async for row in at.tables.query(TABLE, whole)]) > 2 * MESSAGES

    async with _nurse(at) as view:
        works = {"glance": glance, "bare_read": bare_read, "all_rows": all_rows, "api_view": view}
        timings = await _in_turn(works)
    ours, bare, rows = (_of(timings, name) for name in ("glance", "bare_read", "all_rows"))
    return {
        "storage_round_trips": at_most(round_trips, 1),
        **timings,
        "to_bare_read": at_most(ours / bare, 2.0),
        "to_all_rows": tidy(ours / rows),
    }


@asynccontextmanager
async def _nurse(at: Storage) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Ask the admin API for it, in this process: what decoding and encoding add. The trail is in memory."""
    services = replace(at.services, trail=MemoryTrail())

    async def ready() -> Services:
        return services

    async def nurse(_: object) -> Caller:
        return Caller("nurse", frozenset({Role.CLINICAL_USER}))

    transport = httpx.ASGITransport(app=build(ready, nurse))
    async with httpx.AsyncClient(transport=transport, base_url="http://bench") as client:

        async def view() -> None:
            (await client.get(f"{PREFIX}/patients/{KEY}")).raise_for_status()

        yield view


async def _in_turn(works: Mapping[str, Callable[[], Awaitable[None]]]) -> dict[str, object]:
    """Take turns, so that all meet the same noise; milliseconds in the middle of each."""
    cpu: dict[str, list[float]] = {name: [] for name in works}
    wall: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(_REPEATS + _WARM_UP):
        for name, work in works.items():
            used, began = time.process_time(), time.perf_counter()
            await work()
            if turn >= _WARM_UP:
                cpu[name].append(1000 * (time.process_time() - used))
                wall[name].append(1000 * (time.perf_counter() - began))
    found: dict[str, object] = {f"{name}_cpu_ms": tidy(median(spent)) for name, spent in cpu.items()}
    return found | {f"{name}_elapsed_ms": tidy(median(spent)) for name, spent in wall.items()}


def _of(timings: Mapping[str, object], name: str) -> float:
    value = timings[f"{name}_elapsed_ms"]
    assert isinstance(value, float)
    return value


async def _pages(at: Storage, sizes: tuple[int, int]) -> Json:
    """Read the same page of few and of many documents, by our adapter and by a bare query."""
    works: dict[str, Callable[[], Awaitable[None]]] = {}
    for number in sizes:
        for start in range(0, number, 100):
            await _put(at.tables, f"listed-{number}", range(start, min(start + 100, number)))
        works |= _readers(at.tables, number)
    timings = await _in_turn(works)
    few, many = sizes
    ratios = {number: _of(timings, f"{number}_page") / _of(timings, f"{number}_bare") for number in sizes}
    return {
        **timings,
        "to_bare_query": at_most(min(ratios.values()), 1.2),
        "growth": tidy(_of(timings, f"{many}_page") / _of(timings, f"{few}_page")),
        "growth_of_bare_query": tidy(_of(timings, f"{many}_bare") / _of(timings, f"{few}_bare")),
    }


def _readers(tables: TableService, number: int) -> dict[str, Callable[[], Awaitable[None]]]:
    documents, kind, after = TableDocuments(tables), f"listed-{number}", f"{number // 2:08d}"
    beyond = f"PartitionKey eq '{kind}' and RowKey gt '{row_of(after)}'"

    async def ours() -> None:
        assert len(await documents.page(kind, after, _PAGE)) == _PAGE

    async def bare() -> None:
        assert len([row async for row in tables.query(DOCUMENTS, beyond, "", _PAGE)]) == _PAGE

    return {f"{number}_page": ours, f"{number}_bare": bare}


async def _put(tables: TableService, kind: str, numbers: range) -> None:
    body: dict[str, Property] = {"size": 200, "body0": b"x" * 200}
    await tables.transact(DOCUMENTS, [Write("upsert", kind, f"{number:08d}", body) for number in numbers])
