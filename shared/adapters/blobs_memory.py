"""The Blobs port in memory: for tests, held by the same contract suite as the real one."""

from __future__ import annotations

from collections.abc import AsyncIterator

from shared.errors import Conflict


class MemoryBlobs:
    """Files in a dictionary."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, str]] = {}

    async def put(self, name: str, body: bytes, media_type: str, *, new: bool = False) -> None:
        """Write a file. Raises Conflict."""
        if new and name in self.files:
            raise Conflict(name)
        self.files[name] = (body, media_type)

    async def get(self, name: str) -> bytes | None:
        """Read a file, or None."""
        return self.files[name][0] if name in self.files else None

    async def delete(self, name: str) -> None:
        """Remove a file."""
        self.files.pop(name, None)

    async def names(self, prefix: str) -> AsyncIterator[str]:
        """Walk names in their order."""
        for name in sorted(self.files):
            if name.startswith(prefix):
                yield name
