"""Files of the analytics log in memory: for tests, held by the same contract suite as the real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from uuid import uuid4

from shared.errors import Conflict
from shared.ports.happened import LogFile


class MemoryHappenedFiles:
    """Files in a dictionary."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[bytes, str]] = {}
        self._versions = (f"{uuid4().hex}-{number}" for number in count(1))

    async def append(self, name: str, body: bytes) -> None:
        """See HappenedFiles.append."""
        there = self.held[name][0] if name in self.held else b""
        self.held[name] = (there + body, next(self._versions))

    async def files(self, prefix: str) -> AsyncIterator[LogFile]:
        """See HappenedFiles.files."""
        for name in sorted(self.held):
            if name.startswith(prefix):
                body, etag = self.held[name]
                yield LogFile(name, etag, len(body))

    async def fetch(self, file: LogFile, target: Path, *, grown: bool = False) -> None:
        """See HappenedFiles.fetch."""
        body, etag = self.held.get(file.name, (b"", ""))
        if not etag or (etag != file.etag and not grown):
            raise Conflict(file.name)
        target.write_bytes(body[: file.size])  # noqa: ASYNC240 - for tests: nobody waits

    async def put(self, name: str, source: Path, etag: str) -> None:
        """See HappenedFiles.put."""
        if etag != self.held.get(name, (b"", ""))[1]:
            raise Conflict(name)
        body = source.read_bytes()  # noqa: ASYNC240 - for tests: nobody waits
        self.held[name] = (body, next(self._versions))

    async def delete(self, file: LogFile) -> bool:
        """See HappenedFiles.delete."""
        if file.name in self.held and self.held[file.name][1] != file.etag:
            return False
        self.held.pop(file.name, None)
        return True
