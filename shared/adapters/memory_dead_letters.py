"""The DeadLetterFiles port in memory, for tests: verified by the same contract suite as blobs."""

from __future__ import annotations

from shared.fhir.instants import Instant
from shared.ports.running import DeadLetterFile


class MemoryDeadLetters:
    """Files of dead letters in memory; a test writes them by `write`."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[bytes, Instant]] = {}

    async def write(self, name: str, body: bytes, at: Instant | None = None) -> None:
        """Write a file, as Event Grid does."""
        self._files[name] = body, Instant(0) if at is None else at

    async def page(self, after: str, limit: int) -> tuple[tuple[DeadLetterFile, ...], str]:
        """See DeadLetterFiles.page."""
        names = sorted(name for name in self._files if name > after)
        found = tuple(DeadLetterFile(name, len(self._files[name][0]), self._files[name][1]) for name in names)
        return found[:limit], found[limit - 1].name if len(found) > limit else ""

    async def get(self, name: str) -> bytes | None:
        """See DeadLetterFiles.get."""
        return self._files[name][0] if name in self._files else None

    async def delete(self, name: str) -> None:
        """See DeadLetterFiles.delete."""
        self._files.pop(name, None)
