"""Pages of lists over tables in memory: how many requests and rows a page costs, of few items and of many."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from benchmarks.organisation.counting import CountingTables, Tally
from benchmarks.organisation.memory_tables import MemoryTables
from benchmarks.report import Json, at_most
from shared.adapters.table_documents import DOCUMENTS, TableDocuments
from shared.adapters.table_indexes import INDEX, WAKEUPS, TableIndexes
from shared.adapters.table_store import TABLE, TablePatientStore
from shared.adapters.tables import Property, Write
from shared.effects import IndexEnrolment, IndexMember, Need
from shared.fhir.instants import Instant
from shared.patient.record import Decision, PatientRecord, TimelineLine, patient_key
from shared.ports import Stored

_PAGE = 50
_SEGMENT, _JOURNEY = "https://s.example/listed", "https://j.example/listed"
_KEY = patient_key("listed")


class Filling(MemoryTables):
    """Tables that are filled quickly, as nobody reads meanwhile; rows that queries bring are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.read = 0

    async def transact(self, table: str, writes: Sequence[Write]) -> str:
        """Write in place."""
        etags = [self._put(self._rows[table], write) for write in writes]
        return etags[0]

    async def query(
        self, table: str, condition: str, select: str = "", limit: int | None = None
    ) -> AsyncIterator[tuple[dict[str, Property], str]]:
        """Count rows."""
        async for row in super().query(table, condition, select, limit):
            self.read += 1
            yield row


class Listed:
    """The stores over them."""

    def __init__(self) -> None:
        self.tables, self.tally = Filling(), Tally()
        counting = CountingTables(self.tables, self.tally)
        self.documents, self.indexes = TableDocuments(counting), TableIndexes(counting)
        self.patients = TablePatientStore(counting)

    async def fill(self, number: int) -> None:
        """Put so many items into each list."""
        for table in (DOCUMENTS, INDEX, WAKEUPS, TABLE):
            await self.tables.create(table)
        stored = Stored(PatientRecord(_KEY, "listed"))
        for at in range(number):
            await self.documents.put("listed", f"{at:08d}", b"x", None)
            key = patient_key(str(at))
            await self.indexes.apply(key, IndexMember(_SEGMENT, True, Instant(at), 1))
            enrolment = IndexEnrolment(f"e{at}", f"{_JOURNEY}|1", "active", Instant(at), 1)
            await self.indexes.apply(key, enrolment)
            await self.indexes.note_need(key, f"m{at}", Need("unknown", Instant(at), Instant(at), 1, "sms"))
            line = TimelineLine(Instant(at), "journey", f"line {at}")
            stored = await self.patients.commit(stored, Decision(stored.record, timeline=(line,)))

    async def documents_page(self) -> int:
        """Read a page of the middle."""
        return len(await self.documents.page("listed", "00000200", _PAGE))

    async def members_page(self) -> int:
        """Read the members beyond one."""
        return len(await self.indexes.members(_SEGMENT, "8", _PAGE))

    async def roster_page(self) -> int:
        """Read on from the first page of a journey's roster."""
        first = await self.indexes.roster(_JOURNEY, limit=_PAGE)
        return len(await self.indexes.roster(_JOURNEY, after=first[-1].place, limit=_PAGE))

    async def needs_page(self) -> int:
        """Read on from the first page of messages of unknown outcome."""
        first = await self.indexes.needs("unknown", limit=_PAGE)
        return len(await self.indexes.needs("unknown", after=first[-1].place, limit=_PAGE))

    async def timeline_page(self) -> int:
        """Read on from the first page of a patient's timeline."""
        first = await self.patients.lines_before(_KEY, "", _PAGE)
        return len(await self.patients.lines_before(_KEY, first[-1].place, _PAGE))


async def count_pages(few: int, many: int) -> Json:
    """Count what a page of each list costs, with so many items in it."""
    counts = {number: await _counts(number) for number in (few, many)}
    told: dict[str, object] = {}
    for name, (requests, rows) in counts[many].items():
        before = counts[few][name]
        growth = max(requests / before[0], rows / before[1])
        told[name] = {"requests": requests, "rows": rows, "growth": at_most(growth, 1.2)}
    return told


async def _counts(number: int) -> dict[str, tuple[int, int]]:
    listed = Listed()
    await listed.fill(number)
    pages: dict[str, Callable[[], Awaitable[int]]] = {
        "documents": listed.documents_page,
        "members": listed.members_page,
        "roster": listed.roster_page,
        "messages_that_need_somebody": listed.needs_page,
        "timeline": listed.timeline_page,
    }
    return {name: await _count(listed, page) for name, page in pages.items()}


async def _count(listed: Listed, page: Callable[[], Awaitable[int]]) -> tuple[int, int]:
    """Return requests and rows; both pages of those that read on."""
    listed.tally.counts.clear()
    listed.tables.read = 0
    assert await page() == _PAGE
    asked = listed.tally.counts
    return asked["table_reads"] + asked["table_queries"], asked["table_reads"] + listed.tables.read
