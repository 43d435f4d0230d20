"""The PatientStore over Azure Tables: one partition a patient, its head entity guarded by If-Match.

Rows of a partition (the key stands in the RowKey too: Azurite looks rows up by that):
KEY-0 the head (packed state and facts, a property a chunk), KEY-0-N more facts where 1 MiB is not enough,
KEY-m-ID a message, KEY-t-SEQUENCE the timeline of one commit. A load is one point read for nearly everyone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from uuid import uuid4

import msgspec
import zstandard
from msgspec.structs import replace

from shared.adapters.table_rest import Entity, Property, Tables, Write
from shared.errors import Unavailable
from shared.fhir.instants import Instant
from shared.patient.packing import pack, unpack
from shared.patient.record import Decision, PatientRecord, TimelineLine
from shared.patient.state import Message
from shared.ports import Stored

TABLE = "patients"

_PIECE = 64 * 1024
"""Bytes of one binary property."""

_ROW = 700 * 1024
"""Bytes of chunks in one row: an entity may have 1 MiB, and a transaction 4 MiB of base64 and envelope."""

_GROWN = 20 * 1024
"""Bytes that a chunk of facts commonly has when it is full: what a new one is given room for."""

_message = msgspec.msgpack.Decoder(Message)
_lines = msgspec.msgpack.Decoder(tuple[TimelineLine, ...])
_encode = msgspec.msgpack.Encoder().encode


class TablePatientStore:
    """PatientStore over the table service."""

    def __init__(self, tables: Tables, table: str = TABLE) -> None:
        self._tables = tables
        self._table = table

    async def load(self, key: str, patient_id: str = "") -> Stored:
        """Read a record; an empty one where there is none."""
        found = await self._tables.get(self._table, key, f"{key}-0")
        if found is None:
            return Stored(PatientRecord(key=key, patient_id=patient_id))
        entity, etag = found
        chunks = dict(_chunks(entity))
        placement = _placed(chunks, 0)
        for number, more in enumerate(await self._more(key, int(entity.get("rows", 1))), start=1):
            parts = dict(_chunks(more))
            chunks |= parts
            placement |= _placed(parts, number)
        return Stored(unpack(key, chunks), etag, placement)

    async def _more(self, key: str, rows: int) -> list[Entity]:
        numbers = range(1, rows)
        if not numbers:
            return []
        found = await asyncio.gather(
            *(self._tables.get(self._table, key, f"{key}-0-{number}") for number in numbers)
        )
        if any(row is None for row in found):
            raise Unavailable("a patient's record is being written")
        return [row[0] for row in found if row is not None]

    async def commit(self, stored: Stored, decision: Decision) -> Stored:
        """Write a decision in one transaction; see PatientStore.commit.

        When the answer is lost, the head is read again: the nonce in it says whether the commit happened.
        """
        record = replace(decision.record, sequence=stored.record.sequence + 1)
        nonce = uuid4().hex
        placement = dict(stored.placement)
        rows: dict[int, dict[str, Property]] = {0: {}}
        for name, chunk in pack(record).items():
            number = placement[name][0] if name in placement else _roomy(placement)
            placement[name] = (number, len(chunk))
            rows.setdefault(number, {}).update(_pieces(name, chunk))
        rows[0] |= {
            "rows": 1 + max(row for row, _ in placement.values()),
            "commit": nonce,
            **_columns(record),
        }
        writes = [*_record_writes(stored, record.key, rows), *_appends(record, decision)]
        try:
            etag = await self._tables.transact(self._table, writes)
        except Unavailable:
            etag = await self._settle(record.key, nonce)
        return Stored(replace(record, facts=record.facts.committed()), etag, placement)

    async def _settle(self, key: str, nonce: str) -> str:
        found = await self._tables.get(self._table, key, f"{key}-0")
        if found is None or found[0].get("commit") != nonce:
            raise Unavailable("the commit did not go through")
        return found[1]

    async def message(self, key: str, message_id: str) -> Message | None:
        """Read one message's row."""
        found = await self._tables.get(self._table, key, f"{key}-m-{message_id}")
        return None if found is None else _message.decode(_join(found[0], "message"))

    async def messages(self, key: str) -> tuple[Message, ...]:
        """Read all messages of a patient, in order of creation."""
        rows = [_message.decode(_join(row, "message")) async for row in self._rows(key, "m")]
        return tuple(sorted(rows, key=lambda m: (m.created, m.message_id)))

    async def messages_in(self, status: str) -> AsyncIterator[tuple[str, Message]]:
        """Walk all messages in a status, with their patient's key; a scan of the table."""
        async for row, _ in self._tables.query(self._table, f"status eq '{status}'"):
            yield str(row["PartitionKey"]), _message.decode(_join(row, "message"))

    async def timeline(self, key: str) -> tuple[TimelineLine, ...]:
        """Read the whole timeline of a patient, oldest first."""
        return tuple([line async for row in self._rows(key, "t") for line in _lines.decode(_text(row))])

    async def keys(self) -> AsyncIterator[str]:
        """Walk all patient keys; a scan of the table."""
        async for row, _ in self._tables.query(self._table, "rows ge 1L", "PartitionKey"):
            yield str(row["PartitionKey"])

    async def pending(self, overdue: Instant) -> AsyncIterator[str]:
        """Walk the keys of records with work left, or due before `overdue`; a scan, for the sweep."""
        condition = f"pending eq true or (due gt 0L and due lt {overdue}L)"
        async for row, _ in self._tables.query(self._table, condition, "PartitionKey"):
            yield str(row["PartitionKey"])

    async def _rows(self, key: str, kind: str) -> AsyncIterator[Entity]:
        span = f"RowKey gt '{key}-{kind}-' and RowKey lt '{key}-{kind}.'"
        async for row, _ in self._tables.query(self._table, f"PartitionKey eq '{key}' and {span}"):
            yield row


def _record_writes(stored: Stored, key: str, rows: Mapping[int, Mapping[str, Property]]) -> Iterator[Write]:
    head = Write("merge", key, f"{key}-0", rows[0], stored.etag)
    yield head if stored.etag else replace(head, kind="insert")
    known = {row for row, _ in stored.placement.values()}
    for number in sorted(set(rows) - {0}):
        yield Write("merge" if number in known else "upsert", key, f"{key}-0-{number}", rows[number])


def _appends(record: PatientRecord, decision: Decision) -> Iterator[Write]:
    key = record.key
    if decision.timeline:
        packed = zstandard.ZstdCompressor().compress(_encode(decision.timeline))
        yield Write("upsert", key, f"{key}-t-{record.sequence:010d}", dict(_pieces("lines", packed)))
    for message in decision.messages:
        properties = {"status": message.status, **dict(_pieces("message", _encode(message)))}
        yield Write("upsert", key, f"{key}-m-{message.message_id}", properties)


def _columns(record: PatientRecord) -> dict[str, Property]:
    """Return what the sweep asks the table for; a record that waits for nothing has due 0."""
    claimed = any(message.status == "in-progress" for message in record.messages.values())
    return {"pending": claimed or bool(record.outbox), "due": record.next_due or 0}


def _placed(chunks: Mapping[str, bytes], row: int) -> dict[str, tuple[int, int]]:
    return {name: (row, len(chunk)) for name, chunk in chunks.items()}


def _roomy(placement: Mapping[str, tuple[int, int]]) -> int:
    """Find the first row with room for a new chunk; there it stays, with room to grow until it is full."""
    taken: dict[int, int] = {0: 0}
    for row, size in placement.values():
        taken[row] = taken.get(row, 0) + max(size, _GROWN)
    return next((row for row in sorted(taken) if taken[row] + _GROWN <= _ROW), max(taken) + 1)


def _pieces(name: str, chunk: bytes) -> Iterator[tuple[str, bytes]]:
    """Cut a chunk into properties of 64 KiB; its length goes first, as a merge leaves longer tails behind."""
    framed = len(chunk).to_bytes(4, "big") + chunk
    for index, start in enumerate(range(0, len(framed), _PIECE)):
        yield f"{name}__{index}", framed[start : start + _PIECE]


def _join(entity: Entity, name: str) -> bytes:
    first = _piece(entity, name, 0)
    length = int.from_bytes(first[:4], "big")
    rest = (_piece(entity, name, index) for index in range(1, -(-(length + 4) // _PIECE)))
    return b"".join((first[4:], *rest))[:length]


def _piece(entity: Entity, name: str, index: int) -> bytes:
    piece = entity[f"{name}__{index}"]
    assert isinstance(piece, bytes)
    return piece


def _text(entity: Entity) -> bytes:
    return zstandard.ZstdDecompressor().decompress(_join(entity, "lines"))


def _chunks(entity: Entity) -> Iterator[tuple[str, bytes]]:
    for name in entity:
        if name.endswith("__0"):
            yield name[:-3], _join(entity, name[:-3])
