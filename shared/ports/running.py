"""What those who run a deployment need of the world: secrets sealed at rest, and files of dead letters."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from shared.fhir.instants import Instant


class Seals(Protocol):
    """Seals small secrets that are kept in storage, so that storage alone gives nobody one."""

    def seal(self, secret: str, about: str) -> str:
        """Seal a secret; `about` says what it is of, and must be the same to open it."""
        ...

    def unseal(self, sealed: str, about: str) -> str:
        """Open a sealed secret. Raises Invalid where no key of ours opens it, or it is of something else."""
        ...


class DeadLetterFile(Struct, frozen=True):
    """A file of events that Event Grid could not deliver."""

    name: str
    size: int
    """In bytes."""
    at: Instant
    """When it was written, by storage's clock."""


class DeadLetterFiles(Protocol):
    """The files that Event Grid writes what it gave up into."""

    async def page(self, after: str, limit: int) -> tuple[tuple[DeadLetterFile, ...], str]:
        """Return some files in the order of their names, and where to go on, "" at the end.

        `after` is "" or what the page before gave. A page may be empty and not the last.
        """
        ...

    async def get(self, name: str) -> bytes | None:
        """Read a file, or None where there is none."""
        ...

    async def delete(self, name: str) -> None:
        """Remove a file; one that is gone already is no error."""
        ...
