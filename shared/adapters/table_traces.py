"""The Traces port over Azure Tables: all rows of the index table that name one patient, and all links.

What leads to a patient stands in the partition key, as a digest; the patient's key is the row key, in rosters
a part of it, or a property.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence

import msgspec

from shared.adapters.table_needs import TableNeeds
from shared.adapters.table_roster import TableRoster, roster_partition
from shared.adapters.tables import Entity, Write, literal
from shared.effects import IndexLink
from shared.errors import Conflict
from shared.ports import LinkRow, Trace

_STANDARD = frozenset({"PartitionKey", "RowKey", "Timestamp", "key"})
_LINKS = ("link-", "link.")
"""Between these lie the partitions of links."""

_decode_link = msgspec.json.Decoder(IndexLink).decode


class TableTraces(TableRoster, TableNeeds):
    """Everything in the index table that names a patient."""

    async def traces(self, key: str, journeys: Collection[str]) -> tuple[Trace, ...]:
        """Return every row that names a patient; see Traces.traces. Raises Unavailable."""
        anywhere = f"RowKey eq {literal(key)} or key eq {literal(key)}"
        found = [_trace(row) async for row, _ in self._tables.query(self._index, anywhere)]
        for journey in journeys:
            found += [_trace(row) async for row in self._enrolled(journey, key)]
        return tuple(sorted(found, key=lambda trace: (trace.kind, trace.place)))

    async def _enrolled(self, journey: str, key: str) -> AsyncIterator[Entity]:
        """Walk the rows of a patient in a roster: they stand by campaign, so all of its shard are read."""
        condition = f"PartitionKey eq {literal(roster_partition(journey, key))}"
        async for row, _ in self._tables.query(self._index, condition):
            if f"-{key}-" in str(row["RowKey"]):
                yield row

    async def drop_traces(self, traces: Sequence[Trace]) -> None:
        """Remove rows; one that is gone already is no error. Raises Unavailable."""
        await asyncio.gather(*(self._drop(*trace.place) for trace in traces))

    async def _drop(self, partition: str, row: str) -> None:
        try:
            await self._tables.write(self._index, Write("delete", partition, row))
        except Conflict:
            return

    async def links(self, after: str, limit: int) -> tuple[LinkRow, ...]:
        """Return the first `limit` links beyond a place; see Traces.links. Raises Unavailable."""
        first, beyond = _LINKS
        span = f"PartitionKey gt {literal(after or first)} and PartitionKey lt {literal(beyond)}"
        rows = self._tables.query(self._index, span, limit=limit)
        return tuple(
            [
                LinkRow(str(row["key"]), _decode_link(str(row["link"])), str(row["PartitionKey"]))
                async for row, _ in rows
            ]
        )


def _trace(row: Entity) -> Trace:
    place = (str(row["PartitionKey"]), str(row["RowKey"]))
    said = {name: value for name, value in row.items() if name not in _STANDARD and "@" not in name}
    content = {name: value for name, value in said.items() if isinstance(value, str | int | bool)}
    return Trace(place[0].partition("-")[0], place, content)
