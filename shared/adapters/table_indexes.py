"""The Indexes port over Azure Tables: wake-ups by shard and instant, and projections by what they point from.

Partition keys hold a digest of a phone number or URL, never the thing itself.
"""

from __future__ import annotations

import asyncio
from hashlib import blake2b
from typing import Literal
from zlib import crc32

from shared.adapters.tables import TableService, Write, literal
from shared.effects import IndexContact, IndexEffect, IndexMember, IndexMessage, IndexReference
from shared.errors import Conflict, Unavailable
from shared.fhir.instants import Instant
from shared.ports import MemberRow, Wakeup

WAKEUPS = "wakeups"
INDEX = "index"
_ATTEMPTS = 8
SHARDS = 8
"""Partitions of the wake-up index: one partition takes 2,000 entities a second."""


class TableIndexes:
    """Indexes over the table service."""

    def __init__(self, tables: TableService, wakeups: str = WAKEUPS, index: str = INDEX) -> None:
        self._tables = tables
        self._wakeups = wakeups
        self._index = index

    async def schedule(self, key: str, due: Instant) -> None:
        """Make sure the patient is woken at `due`."""
        await self._tables.write(self._wakeups, Write("upsert", _shard(key), _wakeup_row(key, due)))

    async def due(self, now: Instant, limit: int) -> tuple[Wakeup, ...]:
        """Return at most `limit` wake-ups that are due, oldest first; all shards are asked at once."""
        found = await asyncio.gather(*(self._due_in(shard, now, limit) for shard in range(SHARDS)))
        merged = sorted((w for shard in found for w in shard), key=lambda w: (w.due, w.key))
        return tuple(merged[:limit])

    async def _due_in(self, shard: int, now: Instant, limit: int) -> list[Wakeup]:
        condition = f"PartitionKey eq '{shard:02d}' and RowKey lt '{now + 1:020d}'"
        rows = self._tables.query(self._wakeups, condition, "RowKey", limit)
        return [_wakeup(str(row["RowKey"])) async for row, _ in rows]

    async def unschedule(self, wakeup: Wakeup) -> None:
        """Forget a wake-up; one that is gone already is no error."""
        row = _wakeup_row(wakeup.key, wakeup.due)
        await self._delete(self._wakeups, _shard(wakeup.key), row)

    async def scheduled(self, wakeup: Wakeup) -> bool:
        """Say whether there is such a wake-up."""
        row = _wakeup_row(wakeup.key, wakeup.due)
        return await self._tables.get(self._wakeups, _shard(wakeup.key), row) is not None

    async def apply(self, key: str, effect: IndexEffect) -> None:
        """Carry out an index effect; may be repeated. Raises Unavailable."""
        partition = _partition(effect)
        if isinstance(effect, IndexMember):
            await self._list(partition, key, effect)
        else:
            await self._tables.write(self._index, Write("upsert", partition, key))

    async def _list(self, partition: str, key: str, effect: IndexMember) -> None:
        """Write a member row unless a later commit's stands there; one who left keeps a row that says so."""
        row = {"member": effect.member, "since": effect.since, "order": effect.order}
        for _ in range(_ATTEMPTS):
            found = await self._tables.get(self._index, partition, key)
            if found is not None and int(found[0].get("order", -1)) >= effect.order:
                return
            kind: Literal["insert", "merge"] = "insert" if found is None else "merge"
            write = Write(kind, partition, key, row, found[1] if found else "*")
            try:
                await self._tables.write(self._index, write)
            except Conflict:
                continue
            return
        raise Unavailable("others keep writing to this member's row")

    async def _delete(self, table: str, partition: str, row: str) -> None:
        try:
            await self._tables.write(table, Write("delete", partition, row))
        except Conflict:
            return  # it is gone, which is what was wanted

    async def members(self, segment: str) -> tuple[str, ...]:
        """Return the keys of a segment's members."""
        return await self._keys(_digest("member", segment), " and member eq true")

    async def member_rows(self, segment: str, first: str, last: str) -> tuple[MemberRow, ...]:
        """Return the rows of a member list whose keys are in [first, last]."""
        span = f"RowKey ge {literal(first)} and RowKey le {literal(last)}"
        condition = f"PartitionKey eq {literal(_digest('member', segment))} and {span}"
        rows = self._tables.query(self._index, condition)
        found = [MemberRow(str(r["RowKey"]), bool(r["member"]), int(r["order"])) async for r, _ in rows]
        return tuple(sorted(found, key=lambda row: row.key))

    async def drop_member(self, segment: str, key: str) -> None:
        """Remove a row of a member list; one that is gone already is no error."""
        await self._delete(self._index, _digest("member", segment), key)

    async def patients_of_reference(self, reference: str) -> tuple[str, ...]:
        """Return the keys of patients whose record embeds a shared resource."""
        return await self._keys(_digest("reference", reference))

    async def patients_of_contact(self, channel: str, address: str) -> tuple[str, ...]:
        """Return the keys of patients that were written to at a contact point."""
        return await self._keys(_digest("contact", channel, address))

    async def patient_of_message(self, message_id: str) -> str | None:
        """Return whose message this is."""
        found = await self._keys(_digest("message", message_id))
        return found[0] if found else None

    async def _keys(self, partition: str, more: str = "") -> tuple[str, ...]:
        condition = f"PartitionKey eq {literal(partition)}{more}"
        rows = self._tables.query(self._index, condition, "RowKey")
        return tuple(sorted([str(row["RowKey"]) async for row, _ in rows]))


def _partition(effect: IndexEffect) -> str:
    match effect:
        case IndexMember(segment=segment):
            return _digest("member", segment)
        case IndexReference(reference=reference):
            return _digest("reference", reference)
        case IndexContact(channel=channel, address=address):
            return _digest("contact", channel, address)
        case IndexMessage(message_id=message_id):
            return _digest("message", message_id)


def _digest(kind: str, *parts: str) -> str:
    return f"{kind}-{blake2b(chr(31).join(parts).encode(), digest_size=16).hexdigest()}"


def _shard(key: str) -> str:
    return f"{crc32(key.encode()) % SHARDS:02d}"


def _wakeup_row(key: str, due: Instant) -> str:
    return f"{due:020d}-{key}"


def _wakeup(row: str) -> Wakeup:
    due, _, key = row.partition("-")
    return Wakeup(key, Instant(int(due)))
