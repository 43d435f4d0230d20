"""The Documents port over Azure Tables: small bodies by kind and name, with optimistic locking."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote, unquote

from shared.adapters.table_rest import Entity, Property, Tables, Write
from shared.errors import Conflict

DOCUMENTS = "documents"

_PIECE = 64 * 1024
_MOST = 14 * _PIECE


class TableDocuments:
    """Documents over the table service: a partition a kind, a row a name."""

    def __init__(self, tables: Tables, table: str = DOCUMENTS) -> None:
        self._tables = tables
        self._table = table

    async def get(self, kind: str, name: str) -> tuple[bytes, str] | None:
        """Return the document and its ETag, or None."""
        found = await self._tables.get(self._table, kind, _row(name))
        return None if found is None else (_body(found[0]), found[1])

    async def put(self, kind: str, name: str, body: bytes, etag: str | None) -> str:
        """Write a document; see Documents.put. Raises Conflict, ValueError when larger than 896 KiB."""
        if len(body) > _MOST:
            raise ValueError(f"a document of {len(body)} bytes, {_MOST} at most")
        properties: dict[str, Property] = {"size": len(body)}
        for index in range(-(-len(body) // _PIECE)):
            properties[f"body{index}"] = body[index * _PIECE : (index + 1) * _PIECE]
        kinds = {None: "upsert", "": "insert"}
        kind_of_write = kinds.get(etag, "merge")
        assert kind_of_write in {"upsert", "insert", "merge"}
        return await self._tables.write(
            self._table,
            Write(kind_of_write, kind, _row(name), properties, etag or "*"),  # type: ignore[arg-type] # narrowed above
        )

    async def all(self, kind: str) -> AsyncIterator[tuple[str, bytes]]:
        """Walk the documents of a kind, by name."""
        async for entity, _ in self._tables.query(self._table, f"PartitionKey eq '{kind}'"):
            yield unquote(str(entity["RowKey"]).replace("=", "%")), _body(entity)

    async def delete(self, kind: str, name: str) -> None:
        """Remove a document; one that is gone already is no error."""
        try:
            await self._tables.write(self._table, Write("delete", kind, _row(name)))
        except Conflict:
            return


def _row(name: str) -> str:
    """Encode a name for a row key, which may hold no / # ? % and backslash."""
    return quote(name, safe="").replace("%", "=")


def _body(entity: Entity) -> bytes:
    parts = [entity[f"body{index}"] for index in range(-(-int(entity["size"]) // _PIECE))]
    return b"".join(part for part in parts if isinstance(part, bytes))[: int(entity["size"])]
