"""The audit trail in memory, for tests: verified by the same contract suite as the one in tables."""

from __future__ import annotations

from shared.ports.trail import AuditEntry


class MemoryTrail:
    """AuditTrail in memory."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    async def append(self, entry: AuditEntry) -> None:
        """See AuditTrail.append."""
        self.entries.append(entry)
