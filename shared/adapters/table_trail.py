"""The audit trail in Azure Tables: a table of its own, a partition a lane."""

from __future__ import annotations

from collections.abc import Sequence

from shared.access.chain import Sealer
from shared.adapters.tables import Entity, TableService, Write, literal
from shared.adapters.trail_chained import ChainedTrail
from shared.adapters.trail_rows import partition_of

AUDIT = "audit"


class TableLanes:
    """Rows of the trail over the table service."""

    def __init__(self, tables: TableService, table: str = AUDIT) -> None:
        self._tables = tables
        self._table = table

    async def get(self, lane: int, row: str) -> tuple[Entity, str] | None:
        """See Lanes.get."""
        return await self._tables.get(self._table, partition_of(lane), row)

    async def transact(self, lane: int, writes: Sequence[Write]) -> str:
        """See Lanes.transact."""
        return await self._tables.transact(self._table, writes)

    async def range(self, lane: int, beyond: str, upto: str, limit: int) -> tuple[tuple[str, Entity], ...]:
        """See Lanes.range."""
        rows = f"RowKey gt {literal(beyond)} and RowKey le {literal(upto)}"
        condition = f"PartitionKey eq {literal(partition_of(lane))} and {rows}"
        found = self._tables.query(self._table, condition, limit=limit)
        return tuple([(str(entity["RowKey"]), entity) async for entity, _ in found])


def table_trail(tables: TableService, secrets: Sequence[bytes] = (), table: str = AUDIT) -> ChainedTrail:
    """Return the audit trail in a table."""
    return ChainedTrail(TableLanes(tables, table), Sealer(secrets))
