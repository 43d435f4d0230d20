"""The Indexes port over Azure Tables: wake-ups by shard and instant, and projections by what they point from.

Partition keys hold a digest of a phone number or URL, never the thing itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import batched
from typing import Literal
from zlib import crc32

import msgspec

from shared.adapters.table_traces import TableTraces
from shared.adapters.tables import MAX_OPERATIONS, Entity, TableService, Write, literal
from shared.effects import (
    AskEntry,
    IndexContact,
    IndexEffect,
    IndexEnrolment,
    IndexLink,
    IndexMember,
    IndexMessage,
    IndexReference,
    Need,
)
from shared.errors import Conflict, Unavailable
from shared.fhir.instants import Instant
from shared.ports import MemberRow, Wakeup

WAKEUPS = "wakeups"
INDEX = "index"
_ATTEMPTS = 8
SHARDS = 8
"""Partitions of the wake-up index: one partition takes 2,000 entities a second."""


class TableIndexes(TableTraces):
    """Indexes over the table service."""

    def __init__(self, tables: TableService, wakeups: str = WAKEUPS, index: str = INDEX) -> None:
        super().__init__(tables, index)
        self._wakeups = wakeups

    async def schedule(self, key: str, due: Instant) -> None:
        """Make sure the patient is woken at `due`."""
        await self._tables.write(self._wakeups, Write("upsert", _shard(key), _wakeup_row(key, due)))

    async def schedule_all(self, wakeups: Sequence[Wakeup]) -> None:
        """Schedule many patients, a transaction for each hundred of a shard."""
        shards: dict[str, dict[str, Write]] = {}
        for wakeup in wakeups:
            shard, row = _shard(wakeup.key), _wakeup_row(wakeup.key, wakeup.due)
            shards.setdefault(shard, {})[row] = Write("upsert", shard, row)
        await self._transact_all(self._wakeups, (shard.values() for shard in shards.values()))

    async def _transact_all(self, table: str, partitions: Iterable[Iterable[Write]]) -> None:
        parts = [part for writes in partitions for part in batched(writes, MAX_OPERATIONS, strict=False)]
        await asyncio.gather(*(self._tables.transact(table, part) for part in parts))

    async def due(self, now: Instant, limit: int) -> tuple[Wakeup, ...]:
        """Return the oldest `limit` wake-ups that are due of each shard; all are asked at once."""
        found = await asyncio.gather(*(self._due_in(shard, now, limit) for shard in range(SHARDS)))
        return tuple(sorted((w for shard in found for w in shard), key=lambda w: (w.due, w.key)))

    async def _due_in(self, shard: int, now: Instant, limit: int) -> list[Wakeup]:
        condition = f"PartitionKey eq '{shard:02d}' and RowKey lt '{now + 1:020d}'"
        rows = self._tables.query(self._wakeups, condition, "RowKey", limit)
        return [_wakeup(str(row["RowKey"])) async for row, _ in rows]

    async def unschedule(self, wakeups: Sequence[Wakeup]) -> None:
        """Forget wake-ups, a transaction for each hundred of a shard; one that is gone is no error."""
        shards: dict[str, list[Write]] = {}
        for wakeup in wakeups:
            shard, row = _shard(wakeup.key), _wakeup_row(wakeup.key, wakeup.due)
            shards.setdefault(shard, []).append(Write("delete", shard, row))
        parts = [part for rows in shards.values() for part in batched(rows, MAX_OPERATIONS, strict=False)]
        await asyncio.gather(*(self._forget(part) for part in parts))

    async def _forget(self, rows: Sequence[Write]) -> None:
        try:
            await self._tables.transact(self._wakeups, rows)
        except Conflict:  # somebody was there before: perhaps only at one of them
            await asyncio.gather(*(self._delete(self._wakeups, r.partition, r.row) for r in rows))

    async def scheduled(self, wakeup: Wakeup) -> bool:
        """Say whether there is such a wake-up."""
        row = _wakeup_row(wakeup.key, wakeup.due)
        return await self._tables.get(self._wakeups, _shard(wakeup.key), row) is not None

    async def apply(self, key: str, effect: IndexEffect) -> None:
        """Carry out an index effect; may be repeated. Raises Unavailable."""
        match effect:
            case IndexMember():
                await self._list(_partition(effect), key, effect)
            case IndexEnrolment():
                await self.enrol(key, effect)
            case AskEntry():
                await self.ask_entry(key, effect)
            case IndexLink():
                await self._tables.write(self._index, _link_row(key, effect))
            case IndexMessage(message_id=message_id, need=Need() as need):
                await self.note_need(key, message_id, need)
            case _:
                await self._tables.write(self._index, Write("upsert", _partition(effect), key))

    async def _list(self, partition: str, key: str, effect: IndexMember) -> None:
        """Write a member row unless a later commit's stands there; one who left keeps a row that says so."""
        for _ in range(_ATTEMPTS):
            found = await self._tables.get(self._index, partition, key)
            if found is not None and int(found[0].get("order", -1)) >= effect.order:
                return
            kind: Literal["insert", "merge"] = "insert" if found is None else "merge"
            write = Write(kind, partition, key, _member(effect), found[1] if found else "*")
            try:
                await self._tables.write(self._index, write)
            except Conflict:
                continue
            return
        raise Unavailable("others keep writing to this member's row")

    async def withdraw(
        self, key: str, effect: IndexContact | IndexReference | IndexMessage | IndexLink
    ) -> None:
        """Remove the row that an effect wrote. Raises Unavailable."""
        if isinstance(effect, IndexLink):
            row = _link_row(key, effect)
            await self._delete(self._index, row.partition, row.row)
        else:
            await self._delete(self._index, _partition(effect), key)
            if isinstance(effect, IndexMessage):
                await self.drop_need(effect.message_id)

    async def list_members(
        self, segment: str, rows: Mapping[str, IndexMember], left: Collection[str] = ()
    ) -> None:
        """Make the list say what records say; see Indexes.list_members. Raises Unavailable."""
        partition = _digest("member", segment)
        for _ in range(_ATTEMPTS):
            listed = await self._listed(partition, rows)
            wanted = {k: row for k, row in rows.items() if row.member or k in listed or k in left}
            writes = list(_corrections(partition, wanted, listed))
            try:
                return await self._transact_all(self._index, [writes])
            except Conflict:
                continue
        raise Unavailable("others keep writing to these members' rows")

    async def _listed(self, partition: str, keys: Collection[str]) -> dict[str, tuple[Entity, str]]:
        """Read the rows from the first to the last key, with their ETags."""
        if not keys:
            return {}
        span = f"RowKey ge {literal(min(keys))} and RowKey le {literal(max(keys))}"
        found = self._tables.query(self._index, f"PartitionKey eq {literal(partition)} and {span}")
        return {str(row["RowKey"]): (row, etag) async for row, etag in found}

    async def _delete(self, table: str, partition: str, row: str) -> None:
        try:
            await self._tables.write(table, Write("delete", partition, row))
        except Conflict:
            return  # it is gone, which is what was wanted

    async def members(self, segment: str, after: str = "", limit: int | None = None) -> tuple[str, ...]:
        """Return the keys of a segment's members in order: all, or the first `limit` beyond `after`."""
        beyond = f" and RowKey gt {literal(after)}" if after else ""
        return await self._keys(_digest("member", segment), f"{beyond} and member eq true", limit)

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

    async def link(self, token: str) -> tuple[str, IndexLink] | None:
        """See Indexes.link. Raises Unavailable."""
        found = await self._tables.get(self._index, _digest("link", token), _LINK)
        return (str(found[0]["key"]), _decode_link(str(found[0]["link"]))) if found else None

    async def patient_of_message(self, message_id: str) -> str | None:
        """Return whose message this is."""
        found = await self._keys(_digest("message", message_id))
        return found[0] if found else None

    async def _keys(self, partition: str, more: str = "", limit: int | None = None) -> tuple[str, ...]:
        condition = f"PartitionKey eq {literal(partition)}{more}"
        rows = self._tables.query(self._index, condition, "RowKey", limit)
        return tuple(sorted([str(row["RowKey"]) async for row, _ in rows]))


def _corrections(
    partition: str, rows: Mapping[str, IndexMember], listed: Mapping[str, tuple[Entity, str]]
) -> Iterator[Write]:
    """Yield a write for each row that is missing or older, to take effect unless somebody else writes it."""
    for key, row in rows.items():
        if key not in listed:
            yield Write("insert", partition, key, _member(row))
        elif int(listed[key][0].get("order", -1)) < row.order:
            yield Write("merge", partition, key, _member(row), listed[key][1])


def _member(effect: IndexMember) -> Entity:
    return {"member": effect.member, "since": effect.since, "order": effect.order}


_LINK = "link"
_decode_link = msgspec.json.Decoder(IndexLink).decode


def _link_row(key: str, effect: IndexLink) -> Write:
    properties = {"key": key, "link": msgspec.json.encode(effect).decode()}
    return Write("upsert", _digest("link", effect.token), _LINK, properties)


def _partition(effect: IndexMember | IndexReference | IndexContact | IndexMessage) -> str:
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
