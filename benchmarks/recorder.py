"""Watches what the product writes for one change, so that the bare operations are the very same ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from benchmarks import people
from shared.adapters.table_documents import TableDocuments
from shared.adapters.table_indexes import TableIndexes
from shared.adapters.table_rest import Tables
from shared.adapters.table_store import TABLE, TablePatientStore
from shared.adapters.tables import Property, Write
from shared.message.outbound import OutboundMessage, SendResult
from shared.patient.record import patient_key
from shared.ports import Channel
from shared.usecases.jobs import Change
from shared.usecases.react import Trigger
from shared.usecases.services import Services
from shared.usecases.take_change import take_change


@dataclass(frozen=True, slots=True)
class Recording:
    """What one change cost the product in writes, in their order; reads are told by their number."""

    partition: str
    transactions: list[list[Write]] = field(default_factory=list)
    """Commits of the patient."""
    rosters: list[list[Write]] = field(default_factory=list)
    """Rows of a journey's roster, which are transactions too."""
    writes: list[tuple[str, Write]] = field(default_factory=list)
    gets: list[str] = field(default_factory=list)
    messages: list[OutboundMessage] = field(default_factory=list)

    def told(self) -> dict[str, int]:
        """Count the operations."""
        return {
            "table_gets": len(self.gets),
            "table_commits": len(self.transactions),
            "table_rosters": len(self.rosters),
            "table_writes": len(self.writes),
            "messages": len(self.messages),
        }


class _Tables:
    """TableService that passes everything on and keeps what was written."""

    def __init__(self, tables: Tables, kept: Recording) -> None:
        self._tables = tables
        self._kept = kept

    async def create(self, table: str) -> None:
        await self._tables.create(table)

    async def get(self, table: str, partition: str, row: str) -> tuple[dict[str, Property], str] | None:
        self._kept.gets.append(row)
        return await self._tables.get(table, partition, row)

    async def write(self, table: str, write: Write) -> str:
        self._kept.writes.append((table, write))
        return await self._tables.write(table, write)

    async def transact(self, table: str, writes: Sequence[Write]) -> str:
        kept = self._kept.transactions if table == TABLE else self._kept.rosters
        kept.append(list(writes))
        return await self._tables.transact(table, writes)

    def query(
        self, table: str, condition: str, select: str = "", limit: int | None = None
    ) -> AsyncIterator[tuple[dict[str, Property], str]]:
        return self._tables.query(table, condition, select, limit)


class _Channel:
    def __init__(self, channel: Channel, kept: Recording) -> None:
        self._channel = channel
        self._kept = kept

    async def send(self, message: OutboundMessage) -> SendResult:
        self._kept.messages.append(message)
        return await self._channel.send(message)


async def record_change(services: Services, tables: Tables, number: int, sends: bool) -> Recording:
    """Carry one change of a stored patient through, in this process, and return what it wrote."""
    kept = Recording(patient_key(f"p-{number}"))
    await services.definitions.current()
    watched = _Tables(tables, kept)
    observed = replace(
        services,
        patients=TablePatientStore(watched),
        indexes=TableIndexes(watched),
        documents=TableDocuments(watched),
        channels={name: _Channel(channel, kept) for name, channel in services.channels.items()},
    )
    change = Change("Observation", people.observation_id(number, 999_999, sends), "1", "created")
    await take_change(observed, change, Trigger("recorded"))
    return kept
