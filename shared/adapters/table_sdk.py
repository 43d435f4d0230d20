"""TableService over the azure-data-tables SDK: for all that is not hot, and to hold table_rest to.

https://learn.microsoft.com/python/api/overview/azure/data-tables-readme
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shared.adapters.sdk import ONE_TRY, our_failures, storage_credential
from shared.adapters.storage_rest import Account
from shared.adapters.tables import Entity, Property, Write, check_size, failure

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.data.tables import TableEntity
    from azure.data.tables.aio import TableClient

_PAGE = 1000
_PART = 1024
"""Bytes that an operation's own headers take in a transaction, rounded up."""

type Operation = tuple[str, dict[str, Any], dict[str, Any]]


class SdkTables:
    """TableService over the SDK; `identity` is an azure.identity.aio credential, else the key signs."""

    def __init__(self, account: Account, identity: AsyncTokenCredential | None = None) -> None:
        from azure.data.tables.aio import TableServiceClient

        credential = storage_credential(account, identity)
        self._service = TableServiceClient(account.endpoint, credential=credential, **ONE_TRY)
        self._clients: dict[str, TableClient] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._service.close()

    def _client(self, table: str) -> TableClient:
        if table not in self._clients:
            self._clients[table] = self._service.get_table_client(table)
        return self._clients[table]

    async def create(self, table: str) -> None:
        """Make a table unless it exists."""
        with our_failures(failure):
            await self._service.create_table_if_not_exists(table)

    async def get(self, table: str, partition: str, row: str) -> tuple[dict[str, Property], str] | None:
        """Read one entity and its ETag, or None."""
        from azure.core.exceptions import ResourceNotFoundError

        with our_failures(failure):
            try:
                return _decoded(await self._client(table).get_entity(partition, row))
            except ResourceNotFoundError as missing:
                if getattr(missing, "error_code", None) == "TableNotFound":
                    raise
                return None

    async def write(self, table: str, write: Write) -> str:
        """Carry out one write; its new ETag. Raises Conflict, TooLarge.

        As a transaction of one: the SDK's delete_entity hides that there was nothing to delete.
        """
        return await self.transact(table, [write])

    async def transact(self, table: str, writes: Sequence[Write]) -> str:
        """Carry out writes to one partition together or not at all; see TableService.transact."""
        check_size(len(writes), sum(_size(write) + _PART for write in writes))
        with our_failures(failure):
            answers = await self._client(table).submit_transaction([_operation(write) for write in writes])
        return str(answers[0].get("etag") or "")

    async def query(
        self, table: str, condition: str, select: str = "", limit: int | None = None
    ) -> AsyncIterator[tuple[dict[str, Property], str]]:
        """Walk the entities that satisfy an OData condition, with their ETags, page by page."""
        top = _PAGE if limit is None else min(limit, _PAGE)
        if top <= 0:
            return
        left = limit
        found = self._client(table).query_entities(condition, results_per_page=top, select=select or None)
        with our_failures(failure):
            async for entity in found:
                yield _decoded(entity)
                left = None if left is None else left - 1
                if left == 0:
                    return


def _operation(write: Write) -> Operation:
    from azure.core import MatchConditions
    from azure.data.tables import UpdateMode

    guard = {"etag": write.etag, "match_condition": MatchConditions.IfNotModified}
    unless: dict[str, Any] = {} if write.etag == "*" else guard
    match write.kind:
        case "insert":
            return "create", _entity(write), {}
        case "upsert":
            return "upsert", _entity(write), {"mode": UpdateMode.REPLACE}
        case "merge":
            return "update", _entity(write), {"mode": UpdateMode.MERGE, **unless}
        case "delete":
            return "delete", {"PartitionKey": write.partition, "RowKey": write.row}, unless


def _entity(write: Write) -> dict[str, Any]:
    """Return the entity; every int as 64 bits wide, as the SDK would store small ones as Edm.Int32."""
    from azure.data.tables import EdmType, EntityProperty

    entity: dict[str, Any] = {"PartitionKey": write.partition, "RowKey": write.row}
    for name, value in write.properties.items():
        wide = isinstance(value, int) and not isinstance(value, bool)
        entity[name] = EntityProperty(value, EdmType.INT64) if wide else value
    return entity


def _decoded(entity: TableEntity) -> tuple[dict[str, Property], str]:
    properties = {name: _plain(value) for name, value in entity.items()}
    return properties, str(entity.metadata.get("etag") or "")


def _plain(value: Any) -> Property:
    from azure.data.tables import EntityProperty

    plain: Property = value.value if isinstance(value, EntityProperty) else value
    return plain


def _size(write: Write) -> int:
    return len(write.partition) + len(write.row) + sum(_bytes(write.properties))


def _bytes(properties: Entity | Mapping[str, Property]) -> list[int]:
    """Return about how many bytes each property has as JSON: base64, non-ASCII text escaped."""
    return [
        2 * len(name) + 40 + (4 * len(value) // 3 + 4 if isinstance(value, bytes) else 6 * len(str(value)))
        for name, value in properties.items()
    ]
