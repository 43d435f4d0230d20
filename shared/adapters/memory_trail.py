"""The audit trail in memory, for tests: verified by the same contract suite as the one in tables."""

from __future__ import annotations

from collections.abc import Sequence

from shared.access.chain import Sealer
from shared.adapters.tables import Entity, Write
from shared.adapters.trail_chained import ChainedTrail
from shared.errors import Conflict
from shared.ports.trail import AuditEntry


class MemoryLanes:
    """Rows of the trail in memory; tests do to them what a thief would."""

    def __init__(self) -> None:
        self.rows: dict[tuple[int, str], Entity] = {}
        self.transactions = 0
        self._etags: dict[tuple[int, str], str] = {}

    async def get(self, lane: int, row: str) -> tuple[Entity, str] | None:
        """See Lanes.get."""
        found = self.rows.get((lane, row))
        return None if found is None else (found, self._etags.get((lane, row), ""))

    async def transact(self, lane: int, writes: Sequence[Write]) -> str:
        """See Lanes.transact."""
        if any(self._refuses(lane, write) for write in writes):
            raise Conflict("somebody else was first")
        self.transactions += 1
        for write in writes:
            self._write((lane, write.row), write)
        return self._etags.get((lane, writes[0].row), "")

    def _refuses(self, lane: int, write: Write) -> bool:
        there = (lane, write.row) in self.rows
        if write.kind == "insert":
            return there
        stale = write.etag not in ("*", self._etags.get((lane, write.row)))
        return write.kind in ("merge", "delete") and (not there or stale)

    def _write(self, place: tuple[int, str], write: Write) -> None:
        if write.kind == "delete":
            del self.rows[place]
            return
        kept = self.rows.get(place, {}) if write.kind == "merge" else {}
        self.rows[place] = {**kept, **write.properties}
        self._etags[place] = str(self.transactions)

    async def range(self, lane: int, beyond: str, upto: str, limit: int) -> tuple[tuple[str, Entity], ...]:
        """See Lanes.range."""
        names = sorted(row for number, row in self.rows if number == lane and beyond < row <= upto)
        return tuple((row, self.rows[lane, row]) for row in names[:limit])


class MemoryTrail(ChainedTrail):
    """AuditTrail in memory."""

    def __init__(self, lanes: MemoryLanes | None = None, sealer: Sealer | None = None) -> None:
        super().__init__(lanes or MemoryLanes(), sealer)
        self.entries: list[AuditEntry] = []
        """All that was appended here, in order, as it was given."""

    async def append(self, entry: AuditEntry) -> None:
        """See AuditTrail.append."""
        await super().append(entry)
        self.entries.append(entry)
