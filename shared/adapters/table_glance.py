"""Newest first over tables: a patient at a glance, and the timeline read backwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import msgspec

from shared.adapters.table_layout import join
from shared.adapters.table_newest import Newest, packed_newest, unpack_newest
from shared.adapters.tables import Entity, TableService, Write, literal
from shared.errors import Conflict, Unavailable
from shared.patient.packed import decompress
from shared.patient.record import TimelineLine
from shared.patient.state import Message
from shared.ports import Stored
from shared.ports.glance import NEWEST, Glance, PlacedLine, brief, place_of_line

_WIDEST = 4_000
"""Commits whose rows are asked for by one query: a thousand rows come at once."""
_TRIES = 8

_lines = msgspec.msgpack.Decoder(tuple[TimelineLine, ...])


class TableGlances:
    """What TablePatientStore has of the port Glances."""

    _tables: TableService
    _table: str

    async def load(self, key: str, patient_id: str = "") -> Stored:
        """See TablePatientStore."""
        raise NotImplementedError

    async def messages(self, key: str) -> tuple[Message, ...]:
        """See TablePatientStore."""
        raise NotImplementedError

    async def glance(self, key: str) -> Glance:
        """Read a record with its newest lines and messages; one round trip where its head row has them."""
        stored = await self.load(key)
        if not stored.etag:
            return Glance(stored.record)
        newest = unpack_newest(stored.newest)
        lines, messages = await asyncio.gather(
            self._newest_lines(key, newest), self._newest_messages(key, newest)
        )
        return Glance(stored.record, stored.etag, lines, messages)

    async def _newest_lines(self, key: str, newest: Newest) -> tuple[TimelineLine, ...]:
        if newest.has_lines:
            return tuple(line for _, line in newest.lines)
        return tuple(placed.line for placed in await self.lines_before(key, "", NEWEST))

    async def _newest_messages(self, key: str, newest: Newest) -> tuple[Message, ...]:
        if newest.has_messages:
            return newest.messages
        return tuple(map(brief, reversed((await self.messages(key))[-NEWEST:])))

    async def lines_before(self, key: str, place: str = "", limit: int = 100) -> tuple[PlacedLine, ...]:
        """Return the first `limit` lines before a place, latest first; see Glances.

        Rows stand oldest first and not every commit has one: a window goes back over them, and widens.
        """
        top = int(place.partition(".")[0]) if place else await self._commits(key)
        found: list[PlacedLine] = []
        width = limit + 1  # the row of the place itself may have lines before it
        while top > 0 and len(found) < limit:
            bottom = max(0, top - width)
            rows = [row async for row in self._window(key, bottom, top)]
            for row in reversed(rows):
                found += (each for each in _backwards(row) if not place or each.place < place)
            top, width = bottom, min(width * 4, _WIDEST)
        return tuple(found[:limit])

    async def _commits(self, key: str) -> int:
        head = f"PartitionKey eq {literal(key)} and RowKey eq {literal(f'{key}-0')}"
        rows = self._tables.query(self._table, head, "sequence", 1)
        return max([int(row["sequence"]) async for row, _ in rows], default=0)

    async def _window(self, key: str, bottom: int, top: int) -> AsyncIterator[Entity]:
        """Walk the rows of commits in (bottom, top]."""
        span = f"RowKey gt '{key}-t-{bottom:010d}' and RowKey le '{key}-t-{top:010d}'"
        async for row, _ in self._tables.query(self._table, f"PartitionKey eq '{key}' and {span}"):
            yield row

    async def _forget(self, key: str, change: Callable[[Newest], Newest]) -> None:
        """Remove from the head row's copy what is about to be removed; before that, so that none stays."""
        for _ in range(_TRIES):
            found = await self._tables.get(self._table, key, f"{key}-0")
            held = bytes(found[0].get("newest", b"")) if found is not None else b""  # type: ignore[arg-type]
            if found is None or not held:
                return
            changed = packed_newest(change(unpack_newest(held)))
            if changed == held:
                return
            try:
                write = Write("merge", key, f"{key}-0", {"newest": changed}, found[1])
                await self._tables.write(self._table, write)
            except Conflict:
                continue
            return
        raise Unavailable("a patient's record is being written again and again")


def decode_lines(entity: Entity) -> tuple[TimelineLine, ...]:
    """Return the lines of a commit, in their order."""
    return _lines.decode(decompress(join(entity, "lines")))


def _backwards(row: Entity) -> list[PlacedLine]:
    sequence = int(str(row["RowKey"]).rpartition("-")[2])
    placed = [PlacedLine(line, place_of_line(sequence, at)) for at, line in enumerate(decode_lines(row))]
    return placed[::-1]
