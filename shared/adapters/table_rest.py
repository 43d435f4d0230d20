"""Entities over the table service's REST API: get, write one, write many in a transaction, query.

https://learn.microsoft.com/rest/api/storageservices/table-service-rest-api
"""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from urllib.parse import quote

import orjson

from shared.adapters.storage_rest import Answer, StorageRest
from shared.adapters.tables import Entity, Property, Write, check_size, failure
from shared.errors import HearthlineError

_JSON = {"Content-Type": "application/json", "Accept": "application/json;odata=minimalmetadata"}
_QUIET = {"Prefer": "return-no-content", "DataServiceVersion": "3.0"}
_BATCH = {"Content-Type": "multipart/mixed; boundary=batch_hearthline", "Accept": "application/json"}
_PAGE = 1000
_ETAG = re.compile(rb"ETag: (\S+)", re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_CODE = re.compile(rb'"code":\s*"(\w+)"|<(?:\w+:)?[Cc]ode>(\w+)')


class Tables:
    """TableService over REST."""

    def __init__(self, rest: StorageRest) -> None:
        self._rest = rest

    async def create(self, table: str) -> None:
        """Make a table unless it exists."""
        body = orjson.dumps({"TableName": table})
        answer = await self._rest.table("POST", "Tables", body=body, headers=_JSON | _QUIET)
        if answer.status not in {201, 204, 409}:
            raise _failure(answer)

    async def get(self, table: str, partition: str, row: str) -> tuple[dict[str, Property], str] | None:
        """Read one entity and its ETag, or None."""
        answer = await self._rest.table("GET", _path(table, partition, row), headers=_JSON)
        if answer.status == 404 and _code(answer) != "TableNotFound":
            return None
        if answer.status != 200:
            raise _failure(answer)
        return decode(orjson.loads(answer.body)), answer.headers["ETag"]

    async def write(self, table: str, write: Write) -> str:
        """Carry out one write; its new ETag. Raises Conflict, TooLarge."""
        method, path, body, etag = _request(table, write)
        headers = _JSON | _QUIET | ({"If-Match": etag} if etag else {})
        answer = await self._rest.table(method, path, body=body, headers=headers)
        if answer.status not in {201, 204}:
            raise _failure(answer)
        return answer.headers.get("ETag", "")

    async def transact(self, table: str, writes: Sequence[Write]) -> str:
        """Carry out writes to one partition together or not at all; the first one's new ETag.

        Raises Conflict when any If-Match or insert fails, TooLarge before anything is sent.
        """
        if len(writes) == 1:
            return await self.write(table, writes[0])
        parts = [_part(self._rest.endpoint, table, write) for write in writes]
        check_size(len(parts), sum(map(len, parts)))
        answer = await self._rest.table("POST", "$batch", body=_envelope(parts), headers=_BATCH)
        statuses = [int(status) for status in _STATUS.findall(answer.body)]
        if answer.status != 202 or any(status >= 400 for status in statuses):
            refused = next((status for status in statuses if status >= 400), answer.status)
            raise failure(refused, _code(answer))
        found = _ETAG.search(answer.body)
        return found[1].decode() if found else ""

    async def query(
        self, table: str, condition: str, select: str = "", limit: int | None = None
    ) -> AsyncIterator[tuple[dict[str, Property], str]]:
        """Walk the entities that satisfy an OData condition, with their ETags, page by page."""
        left, following = limit, ""
        while left is None or left > 0:
            top = f"&$top={min(left, _PAGE)}" if left is not None else ""
            wanted = f"&$select={select}" if select else ""
            query = f"$filter={quote(condition)}{wanted}{top}{following}"
            answer = await self._rest.table("GET", f"{table}()", query, headers=_JSON)
            if answer.status != 200:
                raise _failure(answer)
            for raw in orjson.loads(answer.body)["value"]:
                yield decode(raw), raw.get("odata.etag", "")
                left = None if left is None else left - 1
            following = _continuation(answer)
            if not following:
                return


def decode(raw: Mapping[str, object]) -> dict[str, Property]:
    """Turn an entity's JSON into properties; binary ones to bytes, 64-bit ones to int, no Timestamp."""
    entity: dict[str, Property] = {}
    for name, value in raw.items():
        if "@" in name or name.startswith("odata.") or name == "Timestamp":
            continue
        kind = raw.get(f"{name}@odata.type")
        if kind == "Edm.Binary":
            entity[name] = base64.b64decode(str(value))
        elif kind == "Edm.Int64":
            entity[name] = int(str(value))
        elif isinstance(value, (str, int, bool)):
            entity[name] = value
    return entity


def encode(partition: str, row: str, properties: Entity) -> bytes:
    """Turn properties into an entity's JSON, on one line as Azurite's batches need it."""
    entity: dict[str, object] = {"PartitionKey": partition, "RowKey": row}
    for name, value in properties.items():
        if isinstance(value, bytes):
            entity[f"{name}@odata.type"], entity[name] = "Edm.Binary", base64.b64encode(value).decode()
        elif isinstance(value, int) and not isinstance(value, bool):
            entity[f"{name}@odata.type"], entity[name] = "Edm.Int64", str(value)
        else:
            entity[name] = value
    return orjson.dumps(entity)


def _request(table: str, write: Write) -> tuple[str, str, bytes, str]:
    path = _path(table, write.partition, write.row)
    if write.kind == "delete":
        return "DELETE", path, b"", write.etag
    body = encode(write.partition, write.row, write.properties)
    if write.kind == "insert":
        return "POST", table, body, ""
    return ("PATCH", path, body, write.etag) if write.kind == "merge" else ("PUT", path, body, "")


def _path(table: str, partition: str, row: str) -> str:
    return f"{table}(PartitionKey='{_key(partition)}',RowKey='{_key(row)}')"


def _key(text: str) -> str:
    return quote(text.replace("'", "''"), safe="")


def _envelope(parts: Sequence[bytes]) -> bytes:
    head = b"--batch_hearthline\r\nContent-Type: multipart/mixed; boundary=changeset_hearthline\r\n\r\n"
    return head + b"".join(parts) + b"--changeset_hearthline--\r\n--batch_hearthline--\r\n"


def _part(endpoint: str, table: str, write: Write) -> bytes:
    method, path, body, etag = _request(table, write)
    match = f"If-Match: {etag}\r\n" if etag else ""
    head = (
        "--changeset_hearthline\r\nContent-Type: application/http\r\n"
        "Content-Transfer-Encoding: binary\r\n\r\n"
        f"{method} {endpoint}/{path} HTTP/1.1\r\nContent-Type: application/json\r\n"
        "Accept: application/json;odata=minimalmetadata\r\nPrefer: return-no-content\r\n"
        f"DataServiceVersion: 3.0;\r\n{match}\r\n"
    )
    return head.encode() + body + b"\r\n"


def _continuation(answer: Answer) -> str:
    partition = answer.headers.get("x-ms-continuation-NextPartitionKey")
    row = answer.headers.get("x-ms-continuation-NextRowKey")
    text = f"&NextPartitionKey={quote(partition, safe='')}" if partition else ""
    return text + (f"&NextRowKey={quote(row, safe='')}" if row else "")


def _failure(answer: Answer) -> HearthlineError:
    return failure(answer.status, _code(answer))


def _code(answer: Answer) -> str:
    found = _CODE.search(answer.body)
    return next((part.decode() for part in found.groups() if part), "") if found else ""
