"""Counts what a path asks of each system: wrappers around the adapters, which change nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.adapters.table_indexes import WAKEUPS
from shared.adapters.table_store import TABLE
from shared.adapters.tables import Property, TableService, Write

TRANSACTION_PAGE = 1000
"""Entities in one answer of the table service at most, each answer a request
(https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination)."""


@dataclass(slots=True)
class Tally:
    """What was asked, by the names of `OPERATIONS`; rows that were written, by kind of partition."""

    counts: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, number: int = 1) -> None:
        """Count."""
        self.counts[name] += number


OPERATIONS = (
    "table_reads",
    "table_queries",
    "table_writes",
    "rows_written",
    "queue_puts",
    "fhir_reads",
    "fhir_searches",
    "fhir_writes",
    "provider_calls",
)
"""What is counted. `table_reads` are points, `table_queries` answers to queries, `table_writes` requests that
write: one row, or a transaction of several; `rows_written` are the rows in them; `provider_calls` go to
Communication Services."""


class CountingTables:
    """TableService that passes everything on."""

    def __init__(self, tables: TableService, tally: Tally) -> None:
        self._tables = tables
        self._tally = tally

    async def create(self, table: str) -> None:
        """Make a table: no operation of a path."""
        await self._tables.create(table)

    async def get(self, table: str, partition: str, row: str) -> tuple[dict[str, Property], str] | None:
        """Count a read."""
        self._tally.add("table_reads")
        return await self._tables.get(table, partition, row)

    async def write(self, table: str, write: Write) -> str:
        """Count a write of one row."""
        self._wrote(table, [write])
        return await self._tables.write(table, write)

    async def transact(self, table: str, writes: Sequence[Write]) -> str:
        """Count a transaction."""
        self._wrote(table, writes)
        return await self._tables.transact(table, writes)

    async def query(
        self, table: str, condition: str, select: str = "", limit: int | None = None
    ) -> AsyncIterator[tuple[dict[str, Property], str]]:
        """Count a query: one request for each thousand entities."""
        found = 0
        async for entity in self._tables.query(table, condition, select, limit):
            if found % TRANSACTION_PAGE == 0:
                self._tally.add("table_queries")
            found += 1
            yield entity
        if not found:
            self._tally.add("table_queries")

    def _wrote(self, table: str, writes: Sequence[Write]) -> None:
        self._tally.add("table_writes")
        self._tally.add("rows_written", len(writes))
        self._tally.rows[_partition(table, writes[0].partition)] += len(writes)


def _partition(table: str, partition: str) -> str:
    """Say what kind of partition it is: those of patients are many, the others can be few and hot."""
    if table in (TABLE, WAKEUPS):
        return table
    return f"{table}: {partition.split('-')[0]}"


class Counting:
    """Passes every call on, and counts those that `names` knows as what it calls them."""

    def __init__(self, inner: object, tally: Tally, names: dict[str, str]) -> None:
        self._inner = inner
        self._tally = tally
        self._names = names

    def __getattr__(self, name: str) -> Any:
        """Count and pass on."""
        if name in self._names:
            self._tally.add(self._names[name])
        return getattr(self._inner, name)


FHIR = {
    "read": "fhir_reads",
    "history": "fhir_searches",
    "search": "fhir_searches",
    "update": "fhir_writes",
}
QUEUE = {"send": "queue_puts"}
PROVIDER = {"send": "provider_calls", "add": "provider_calls", "remove": "provider_calls"}
