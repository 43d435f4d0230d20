"""The Roster port over Azure Tables: who is and was in each journey, and who waits to be let into one.

A roster lies in several partitions, by patient, as one takes 2,000 entities a second. An enrolment has
two rows: "all-…" for good, "in-…" while it goes on, so that asking who is inside costs what there is inside,
however many have been through. One transaction writes both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from zlib import crc32

import msgspec

from shared.adapters.tables import Entity, Property, TableService, Write, literal
from shared.effects import AskEntry, IndexEnrolment
from shared.errors import Conflict, Rejected, Unavailable
from shared.fhir.canonical import split_canonical
from shared.fhir.instants import Instant
from shared.ports import BEYOND, Entry, RosterRow

_ATTEMPTS = 8
_ENTRIES = "entries"
SHARDS = 8
"""Partitions of a roster; who reads it from end to end asks so many queries more."""
_IN_SHARD = "/"
_PLACE = re.compile(r"[0-9]{1,3}/[!-~]{0,200}")
_AFTER_DASH = "."
"""The character that follows "-": what begins with "x-" lies before "x."."""


class TableRoster:
    """Rosters and queues of entry, in the index table."""

    def __init__(self, tables: TableService, index: str) -> None:
        self._tables = tables
        self._index = index

    async def enrol(self, key: str, effect: IndexEnrolment) -> None:
        """Make an enrolment's rows say this, unless a later commit's stand there. Raises Unavailable."""
        partition, row = _partition(effect.journey, _shard(key)), roster_row(key, effect)
        if effect.ended in (None, effect.entered):  # most likely new: then there is nothing to read
            with suppress(Conflict):
                await self._tables.transact(self._index, list(_writes(partition, row, effect, None)))
                return
        for _ in range(_ATTEMPTS):
            found = await self._tables.get(self._index, partition, f"all-{row}")
            if found is not None and int(found[0]["order"]) >= effect.order:
                return
            writes = list(_writes(partition, row, effect, found))
            try:
                await self._tables.transact(self._index, writes)
            except Conflict:
                continue
            return
        raise Unavailable("others keep writing to this enrolment's row")

    async def roster(
        self,
        journey: str,
        run: str | None = None,
        *,
        inside: bool = False,
        after: str = "",
        limit: int = 1000,
    ) -> tuple[RosterRow, ...]:
        """Return the first `limit` rows of a journey's roster beyond `after`; see Roster.roster."""
        prefix = f"{'in' if inside else 'all'}-" + (f"{_digest(run)}-" if run is not None else "")
        first, lower = _place(after)
        found: list[RosterRow] = []
        for number in range(first, SHARDS):
            span = f"RowKey gt {literal(lower or prefix)} and RowKey lt {literal(prefix[:-1] + _AFTER_DASH)}"
            condition = f"PartitionKey eq {literal(_partition(journey, number))} and {span}"
            rows = self._tables.query(self._index, condition, limit=limit - len(found))
            found += [_roster_row(row, number) async for row, _ in rows]
            if len(found) >= limit:
                break
            lower = ""
        return tuple(found)

    async def enrolled(self, journey: str, run: str, key: str) -> bool:
        """Say whether a run of a campaign has a row of this patient."""
        place = f"all-{_digest(run)}-{key}"
        span = f"RowKey gt {literal(f'{place}-')} and RowKey lt {literal(place + _AFTER_DASH)}"
        condition = f"PartitionKey eq {literal(_partition(journey, _shard(key)))} and {span}"
        return bool([row async for row, _ in self._tables.query(self._index, condition, "RowKey", 1)])

    async def ask_entry(self, key: str, effect: AskEntry) -> None:
        """Put an enrolment into the queue before its journey."""
        properties: Entity = {"key": key, "journey": effect.journey}
        write = Write(
            "upsert", _ENTRIES, _entry_row(effect.journey, effect.asked, effect.enrolment_id), properties
        )
        await self._tables.write(self._index, write)

    async def entries(self, journey: str, after: Entry | None = None, limit: int = 100) -> tuple[Entry, ...]:
        """Return the first `limit` that wait before a journey beyond `after`; see Roster.entries."""
        lower = (
            _entry_row(after.journey, after.asked, after.enrolment_id) if after else f"{_digest(journey)}-"
        )
        return await self._entries(lower, f"{_digest(journey)}{_AFTER_DASH}", limit)

    async def journeys_asked(self) -> tuple[str, ...]:
        """Return the urls of journeys before which somebody waits: one query, and one for each of them."""
        found: list[str] = []
        lower = ""
        while first := await self._entries(lower, BEYOND, 1):
            found.append(first[0].journey)
            lower = f"{_digest(first[0].journey)}{_AFTER_DASH}"
        return tuple(found)

    async def drop_entry(self, entry: Entry) -> None:
        """Take somebody out of a queue; one who is gone already is no error."""
        row = _entry_row(entry.journey, entry.asked, entry.enrolment_id)
        try:
            await self._tables.write(self._index, Write("delete", _ENTRIES, row))
        except Conflict:
            return

    async def _entries(self, lower: str, upper: str, limit: int) -> tuple[Entry, ...]:
        span = f"RowKey gt {literal(lower)} and RowKey lt {literal(upper)}"
        rows = self._tables.query(self._index, f"PartitionKey eq '{_ENTRIES}' and {span}", limit=limit)
        return tuple([_entry(row) async for row, _ in rows])


def _partition(journey: str, shard: int) -> str:
    return f"{roster_place(journey)}-{shard}"


def _shard(key: str) -> int:
    return crc32(key.encode()) % SHARDS


def _place(after: str) -> tuple[int, str]:
    """Return the shard, and beyond which row of it. Raises Rejected for what was never a row's place."""
    if not after:
        return 0, ""
    if _PLACE.fullmatch(after) is None:
        raise Rejected("there is no such place in a roster", "bad-cursor")
    shard, _, lower = after.partition(_IN_SHARD)
    return int(shard), lower


def roster_partition(journey: str, key: str) -> str:
    """Return the partition in which a patient's enrolments in a journey stand."""
    return _partition(journey, _shard(key))


def roster_place(journey: str) -> str:
    """Return what the partitions of a journey's roster begin with; all versions share them."""
    return f"roster-{_digest(split_canonical(journey)[0])}"


def _writes(
    partition: str, row: str, effect: IndexEnrolment, found: tuple[Entity, str] | None
) -> Iterator[Write]:
    """Write the row for good over what is there, and the one of those inside as long as it goes on."""
    properties = _properties(effect)
    if found is None:
        yield Write("insert", partition, f"all-{row}", properties)
    else:
        yield Write("merge", partition, f"all-{row}", properties, found[1])
    if effect.status in ("active", "on-hold"):
        yield Write("upsert", partition, f"in-{row}", properties)
    elif found is not None and found[0]["status"] in ("active", "on-hold"):
        yield Write("delete", partition, f"in-{row}")


def roster_row(key: str, effect: IndexEnrolment) -> str:
    """Return where an enrolment stands in it: by the campaign's run, then by patient."""
    return f"{_digest(effect.results.get('@campaign', ''))}-{key}-{effect.enrolment_id}"


def _properties(effect: IndexEnrolment) -> dict[str, Property]:
    return {
        "journey": effect.journey,
        "status": effect.status,
        "entered": effect.entered,
        "ended": -1 if effect.ended is None else effect.ended,
        "order": effect.order,
        "goal": effect.goal,
        "step": effect.step,
        "results": msgspec.json.encode(effect.results).decode(),
    }


def _roster_row(row: Entity, shard: int) -> RosterRow:
    place = str(row["RowKey"])
    _, _, key, enrolment_id = place.split("-", 3)
    ended = int(row["ended"])
    effect = IndexEnrolment(
        enrolment_id=enrolment_id,
        journey=str(row["journey"]),
        status=str(row["status"]),  # type: ignore[arg-type] # we wrote it
        entered=Instant(int(row["entered"])),
        order=int(row["order"]),
        ended=Instant(ended) if ended >= 0 else None,
        goal=bool(row["goal"]),
        results=msgspec.json.decode(str(row["results"]), type=dict[str, str]),
        step=str(row["step"]),
    )
    return RosterRow(key, effect, f"{shard}{_IN_SHARD}{place}")


def _entry_row(journey: str, asked: Instant, enrolment_id: str) -> str:
    return f"{_digest(journey)}-{asked:020d}-{enrolment_id}"


def _entry(row: Entity) -> Entry:
    _, asked, enrolment_id = str(row["RowKey"]).split("-", 2)
    return Entry(str(row["key"]), str(row["journey"]), enrolment_id, Instant(int(asked)))


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()
