"""The PatientStore over Azure Tables: one partition a patient, its head entity guarded by If-Match.

Rows of a partition (the key stands in the RowKey too: Azurite looks rows up by that):
KEY-0 the head (packed state and facts, a property a chunk), KEY-0-N more facts where 1 MiB is not enough,
KEY-m-ID a message, KEY-t-SEQUENCE the timeline of one commit. A load is one point read for nearly everyone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from itertools import batched
from uuid import uuid4

import msgspec
import zstandard
from msgspec.structs import replace

from shared.adapters.table_glance import TableGlances, decode_lines
from shared.adapters.table_layout import chunks_of, join, lay_out, pieces
from shared.adapters.table_newest import Newest, with_commit
from shared.adapters.tables import MAX_OPERATIONS, Entity, Property, TableService, Write, literal
from shared.catalogue import publication
from shared.errors import Conflict, Unavailable, Unreadable
from shared.fhir.instants import Instant
from shared.patient.packed import compress_always
from shared.patient.packing import pack, unpack
from shared.patient.record import Decision, PatientRecord, TimelineLine
from shared.patient.state import Message
from shared.ports import BEYOND, Behind, Stored

TABLE = "patients"

_TRIES = 4
"""How often a record of several rows is read again when a commit comes between the reads."""

_message = msgspec.msgpack.Decoder(Message)
_encode = msgspec.msgpack.Encoder().encode


class TablePatientStore(TableGlances):
    """PatientStore over the table service; `real_time` counts seconds since 1970."""

    def __init__(
        self, tables: TableService, table: str = TABLE, real_time: Callable[[], float] = time.time
    ) -> None:
        self._tables = tables
        self._table = table
        self._real_time = real_time

    async def load(self, key: str, patient_id: str = "") -> Stored:
        """Read a record; an empty one where there is none."""
        for _ in range(_TRIES):
            found = await self._tables.get(self._table, key, f"{key}-0")
            if found is None:
                return Stored(PatientRecord(key=key, patient_id=patient_id))
            head, etag = found
            rows = [head, *await self._more(key, int(head.get("rows", 1)))]
            if all(int(row["sequence"]) <= int(head["sequence"]) for row in rows):
                return _stored(key, etag, rows)
        raise Unavailable("a patient's record is being written again and again")

    async def _more(self, key: str, rows: int) -> list[Entity]:
        numbers = range(1, rows)
        if not numbers:
            return []
        found = await asyncio.gather(
            *(self._tables.get(self._table, key, f"{key}-0-{number}") for number in numbers)
        )
        if any(row is None for row in found):
            raise Unavailable("a row of a patient's record is missing")
        return [row[0] for row in found if row is not None]

    async def commit(self, stored: Stored, decision: Decision) -> Stored:
        """Write a decision in one transaction; see PatientStore.commit.

        When the answer is lost, the head is read again: the nonce in it says whether the commit happened.
        """
        record = replace(decision.record, sequence=stored.record.sequence + 1)
        nonce = uuid4().hex
        rows, placement = lay_out(pack(record), stored.placement)
        for properties in rows.values():
            properties["sequence"] = record.sequence
        rows[0] |= {
            "rows": 1 + max(row for row, _ in placement.values()),
            "commit": nonce,
            **_columns(record),
            "written": _micros(self._real_time()),
        }
        newest = with_commit(stored.newest, decision, record.sequence)
        if newest:
            rows[0] |= {
                "newest_at": record.sequence,
                **({"newest": newest} if newest != stored.newest else {}),
            }
        writes = [*_record_writes(stored, record.key, rows), *_appends(record, decision)]
        try:
            etag = await self._tables.transact(self._table, writes)
        except Unavailable:
            etag = await self._settle(record.key, nonce)
        return Stored(replace(record, facts=record.facts.committed()), etag, placement, newest)

    async def _settle(self, key: str, nonce: str) -> str:
        found = await self._tables.get(self._table, key, f"{key}-0")
        if found is None or found[0].get("commit") != nonce:
            raise Unavailable("the commit did not go through")
        return found[1]

    async def message(self, key: str, message_id: str) -> Message | None:
        """Read one message's row."""
        found = await self._tables.get(self._table, key, f"{key}-m-{message_id}")
        return None if found is None else _message.decode(join(found[0], "message"))

    async def messages(self, key: str) -> tuple[Message, ...]:
        """Read all messages of a patient, in order of creation."""
        rows = [_message.decode(join(row, "message")) async for row in self._rows(key, "m")]
        return tuple(sorted(rows, key=lambda m: (m.created, m.message_id)))

    async def messages_in(self, status: str) -> AsyncIterator[tuple[str, Message]]:
        """Walk all messages in a status, with their patient's key; a scan of the table."""
        async for row, _ in self._tables.query(self._table, f"status eq '{status}'"):
            yield str(row["PartitionKey"]), _message.decode(join(row, "message"))

    async def timeline(self, key: str) -> tuple[TimelineLine, ...]:
        """Read the whole timeline of a patient, oldest first."""
        return tuple([line async for row in self._rows(key, "t") for line in decode_lines(row)])

    async def keys(self) -> AsyncIterator[str]:
        """Walk all patient keys; a scan of the table."""
        async for row, _ in self._tables.query(self._table, "rows ge 1L", "PartitionKey"):
            yield str(row["PartitionKey"])

    async def range(self, lower: str, upper: str, limit: int) -> tuple[Stored, ...]:
        """Read the first `limit` records between two keys; one range query, and more for huge records."""
        span = f"PartitionKey gt {literal(lower)} and PartitionKey lt {literal(upper)}"
        heads = [
            found async for found in self._tables.query(self._table, f"{span} and rows ge 1L", "", limit)
        ]
        return tuple(await asyncio.gather(*(self._whole(head, etag) for head, etag in heads)))

    async def _whole(self, head: Entity, etag: str) -> Stored:
        key = str(head["PartitionKey"])
        return _stored(key, etag, [head]) if int(head["rows"]) == 1 else await self.load(key)

    async def pending(
        self, overdue: Instant, behind: Behind | None = None, lower: str = "", upper: str = BEYOND
    ) -> AsyncIterator[str]:
        """Walk the keys of records with work left, or due before `overdue`; a scan, for the sweep."""
        condition = f"pending eq true or (due gt 0L and due lt {overdue}L)"
        if behind is not None:
            since = _micros(behind.since)
            condition += f" or (publication lt {behind.publication}L and written ge {since}L)"
        span = f"PartitionKey ge {literal(lower)} and PartitionKey lt {literal(upper)}"
        async for row, _ in self._tables.query(self._table, f"{span} and ({condition})", "PartitionKey"):
            yield str(row["PartitionKey"])

    async def drop_messages(self, key: str, message_ids: Collection[str]) -> None:
        """Remove rows of messages; one that is gone already is no error."""
        await self._forget(key, lambda newest: newest.without_messages(message_ids))
        await self._delete(key, [f"{key}-m-{message_id}" for message_id in message_ids])

    async def drop_timeline(self, key: str, before: Instant) -> int:
        """Remove the oldest rows of the timeline; see PatientStore.drop_timeline."""
        old: list[str] = []
        async for row in self._rows(key, "t"):
            if any(line.at >= before for line in decode_lines(row)):
                break
            old.append(str(row["RowKey"]))
        if old:
            upto = int(old[-1].rpartition("-")[2])
            await self._forget(key, lambda newest: newest.without_lines(upto))
        await self._delete(key, old)
        return len(old)

    async def erase(self, key: str) -> None:
        """Remove all rows but the record's own; what a crash leaves, the next call removes."""
        await self._forget(key, lambda _: Newest())
        for kind in ("m", "t"):
            await self._delete(key, [str(row["RowKey"]) async for row in self._rows(key, kind, "RowKey")])

    async def _delete(self, key: str, rows: Sequence[str]) -> None:
        """Delete rows by hundreds; where one is gone already, the others one by one."""
        for part in batched(rows, MAX_OPERATIONS, strict=False):
            try:
                await self._tables.transact(self._table, [Write("delete", key, row) for row in part])
            except Conflict:
                await asyncio.gather(*(self._delete_one(key, row) for row in part))

    async def _delete_one(self, key: str, row: str) -> None:
        try:
            await self._tables.write(self._table, Write("delete", key, row))
        except Conflict:
            return

    async def _rows(self, key: str, kind: str, select: str = "") -> AsyncIterator[Entity]:
        span = f"RowKey gt '{key}-{kind}-' and RowKey lt '{key}-{kind}.'"
        async for row, _ in self._tables.query(self._table, f"PartitionKey eq '{key}' and {span}", select):
            yield row


def _stored(key: str, etag: str, rows: list[Entity]) -> Stored:
    chunks: dict[str, bytes] = {}
    placement: dict[str, tuple[int, int]] = {}
    for number, row in enumerate(rows):
        parts = chunks_of(row)
        chunks |= parts
        placement |= {name: (number, len(chunk)) for name, chunk in parts.items()}
    try:
        record = unpack(key, chunks)
    except (ValueError, msgspec.MsgspecError, zstandard.ZstdError) as error:
        raise Unreadable(key, type(error).__name__) from None  # what it says may be of the patient
    return Stored(record, etag, placement, _newest(rows[0]))


def _newest(head: Entity) -> bytes:
    """Return what the head row has, unless another release committed since and left it as it was."""
    held = head.get("newest", b"")
    return held if isinstance(held, bytes) and head.get("newest_at") == head["sequence"] else b""


def _record_writes(stored: Stored, key: str, rows: Mapping[int, Mapping[str, Property]]) -> Iterator[Write]:
    head = Write("merge", key, f"{key}-0", rows[0], stored.etag)
    yield head if stored.etag else replace(head, kind="insert")
    known = {row for row, _ in stored.placement.values()}
    for number in sorted(set(rows) - {0}):
        yield Write("merge" if number in known else "upsert", key, f"{key}-0-{number}", rows[number])


def _appends(record: PatientRecord, decision: Decision) -> Iterator[Write]:
    key = record.key
    if decision.timeline:
        packed = compress_always(_encode(decision.timeline))
        yield Write("upsert", key, f"{key}-t-{record.sequence:010d}", dict(pieces("lines", packed)))
    for message in decision.messages:
        properties = {"status": message.status, **dict(pieces("message", _encode(message)))}
        yield Write("upsert", key, f"{key}-m-{message.message_id}", properties)


def _columns(record: PatientRecord) -> dict[str, Property]:
    """Return what the sweep asks the table for; a record that waits for nothing has due 0."""
    claimed = any(message.status == "in-progress" for message in record.messages.values())
    return {
        "pending": claimed or bool(record.outbox),
        "due": record.next_due or 0,
        "publication": publication(record.catalogue),
    }


def _micros(seconds: float) -> int:
    return int(seconds * 1_000_000)
