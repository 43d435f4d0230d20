"""What the table adapters need of a table service: the vocabulary that table_rest and table_sdk both speak.

Limits: https://learn.microsoft.com/azure/storage/tables/scalability-targets and, for transactions,
https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from shared.errors import Conflict, HearthlineError, Unavailable

MAX_OPERATIONS = 100
MAX_BYTES = 4 * 1024 * 1024 - 64 * 1024
"""Of one transaction: 4 MiB, less room for the envelope."""

type Property = str | int | bool | bytes
type Entity = Mapping[str, Property]

_NO_TABLE = {"TableNotFound", "TableBeingDeleted"}
_TOO_LARGE = {"EntityTooLarge", "RequestBodyTooLarge", "TooManyProperties", "PropertyValueTooLarge"}


class TooLarge(HearthlineError):
    """A transaction exceeds what the table service takes: our own limits should have prevented it."""


class Write(Struct, frozen=True):
    """One write of a transaction."""

    kind: Literal["insert", "merge", "upsert", "delete"]
    """`insert` wants no such row, `merge` keeps other properties, `upsert` replaces the row."""
    partition: str
    row: str
    properties: Entity = {}
    etag: str = "*"
    """For merge and delete: what must still be there."""


class TableService(Protocol):
    """All tables of an account; a table is named on every call. Every method may raise Unavailable."""

    async def create(self, table: str) -> None:
        """Make a table unless it exists."""
        ...

    async def get(self, table: str, partition: str, row: str) -> tuple[dict[str, Property], str] | None:
        """Read one entity and its ETag, or None."""
        ...

    async def write(self, table: str, write: Write) -> str:
        """Carry out one write; its new ETag ("" for a delete). Raises Conflict, TooLarge."""
        ...

    async def transact(self, table: str, writes: Sequence[Write]) -> str:
        """Carry out writes to one partition together or not at all; the first one's new ETag.

        Raises Conflict when any If-Match or insert fails, TooLarge before anything is sent. Tries once:
        whether a lost answer means a commit is for the caller to find out.
        """
        ...

    def query(
        self, table: str, condition: str, select: str = "", limit: int | None = None
    ) -> AsyncIterator[tuple[dict[str, Property], str]]:
        """Walk the entities that satisfy an OData condition, with their ETags, page by page."""
        ...


def literal(text: str) -> str:
    """Write a string as OData conditions have it."""
    return "'" + text.replace("'", "''") + "'"


def check_size(operations: int, size: int) -> None:
    """Raise TooLarge for a transaction of so many operations and bytes, envelope left out."""
    if operations > MAX_OPERATIONS or size > MAX_BYTES:
        raise TooLarge(f"{operations} operations, {size} bytes in one transaction")


def failure(status: int, code: str, retry_after: float | None = None) -> HearthlineError:
    """Say what an answer that is no success means, by its HTTP status and error code."""
    if status == 413 or code in _TOO_LARGE:
        return TooLarge(f"table storage answered {status} {code}".rstrip())
    if status in {404, 409, 412} and code not in _NO_TABLE:
        return Conflict(f"table storage answered {status}")
    return Unavailable(f"table storage answered {status} {code}".rstrip(), retry_after)
