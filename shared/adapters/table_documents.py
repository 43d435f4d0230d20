"""The Documents port over Azure Tables: small bodies by kind and name, with optimistic locking."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote, unquote

from msgspec.structs import replace

from shared.adapters.tables import Entity, Property, TableService, Write, literal
from shared.errors import Conflict

DOCUMENTS = "documents"

_PIECE = 64 * 1024
_MOST = 11 * _PIECE
"""Bytes of a document: 1 MiB as base64 is what Azurite lets an entity have, its names included."""


class TableDocuments:
    """Documents over the table service: a partition a kind, a row a name."""

    def __init__(self, tables: TableService, table: str = DOCUMENTS) -> None:
        self._tables = tables
        self._table = table

    async def get(self, kind: str, name: str) -> tuple[bytes, str] | None:
        """Return the document and its ETag, or None."""
        found = await self._tables.get(self._table, kind, row_of(name))
        return None if found is None else (_body(found[0]), found[1])

    async def put(self, kind: str, name: str, body: bytes, etag: str | None) -> str:
        """Write a document; see Documents.put. Raises Conflict, ValueError when larger than 704 KiB."""
        check_document(body)
        properties: dict[str, Property] = {"size": len(body)}
        for index in range(-(-len(body) // _PIECE)):
            properties[f"body{index}"] = body[index * _PIECE : (index + 1) * _PIECE]
        write = Write("upsert", kind, row_of(name), properties)
        if etag is not None:
            write = replace(write, kind="merge", etag=etag) if etag else replace(write, kind="insert")
        return await self._tables.write(self._table, write)

    async def all(self, kind: str) -> AsyncIterator[tuple[str, bytes]]:
        """Walk the documents of a kind, in the order of their row keys."""
        async for entity, _ in self._tables.query(self._table, f"PartitionKey eq {literal(kind)}"):
            yield _name(entity), _body(entity)

    async def page(self, kind: str, after: str = "", limit: int = 100) -> tuple[tuple[str, bytes], ...]:
        """Return the first `limit` documents beyond `after`; one query of that many rows."""
        beyond = f" and RowKey gt {literal(row_of(after))}" if after else ""
        rows = self._tables.query(self._table, f"PartitionKey eq {literal(kind)}{beyond}", limit=limit)
        return tuple([(_name(entity), _body(entity)) async for entity, _ in rows])

    async def delete(self, kind: str, name: str) -> None:
        """Remove a document; one that is gone already is no error."""
        try:
            await self._tables.write(self._table, Write("delete", kind, row_of(name)))
        except Conflict:
            return


def check_document(body: bytes) -> None:
    """Raise ValueError for a body that no row can hold."""
    if len(body) > _MOST:
        raise ValueError(f"a document of {len(body)} bytes, {_MOST} at most")


def row_of(name: str) -> str:
    """Encode a name for a row key, which may hold no / # ? % and backslash."""
    return quote(name, safe="").replace("%", "=")


def _name(entity: Entity) -> str:
    return unquote(str(entity["RowKey"]).replace("=", "%"))


def _body(entity: Entity) -> bytes:
    parts = [entity[f"body{index}"] for index in range(-(-int(entity["size"]) // _PIECE))]
    return b"".join(part for part in parts if isinstance(part, bytes))[: int(entity["size"])]
