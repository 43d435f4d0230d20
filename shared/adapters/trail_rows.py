"""Rows of the audit trail: how its entries lie in the partition of their lane, newest first, found thrice.

By its stamp, and repeated under whom it is about and who did it, so that each list is a query of a range.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, Protocol

from msgspec.structs import asdict, replace

from shared.access.chain import End, Link, Mark
from shared.adapters.tables import Entity, Property, Write
from shared.ports.trail import Copy, entry_of

_FAR = 10**18
"""Microseconds: stamps are written as how far before this they are, so that the latest comes first."""

ENTRIES = "e"
COPIES = "i-"


class Lanes(Protocol):
    """Where rows are: a partition a lane."""

    async def get(self, lane: int, row: str) -> tuple[Entity, str] | None:
        """Read one row and its ETag, or None."""
        ...

    async def transact(self, lane: int, writes: Sequence[Write]) -> str:
        """Carry out writes together or not at all; the first one's new ETag. Raises Conflict, Unavailable."""
        ...

    async def range(self, lane: int, beyond: str, upto: str, limit: int) -> tuple[tuple[str, Entity], ...]:
        """Return the first `limit` rows, by name, beyond one name and up to another."""
        ...


def partition_of(lane: int) -> str:
    """Return the partition of a lane."""
    return f"lane-{lane:02d}"


def mark_row(end: End) -> str:
    """Return the row of a lane's head or foot: they come first, so that a backup reads the head first."""
    return f"0-{end}"


def entry_row(stamp: int) -> str:
    """Return the row of an entry."""
    return _row(ENTRIES, stamp)


def index_of(*, patient: str = "", by: str = "") -> str:
    """Return what rows begin with that repeat the entries about a patient, or by a caller."""
    kind, name = ("p", patient) if patient else ("b", by)
    return f"{COPIES}{kind}-{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:24]}"


def span(index: str, below: int, since: int) -> tuple[str, str]:
    """Return the names beyond and up to which rows have stamps from `since` on, below `below`."""
    return _row(index, below), _row(index, since)


def rows_of(link: Link) -> tuple[str, ...]:
    """Return all rows of an entry: its own, then those that repeat it."""
    return (entry_row(link.stamp), *copy_rows(link))


def copy_of(lane: int, row: str, entity: Entity) -> Copy:
    """Read a row that repeats an entry."""
    link = link_of(lane, row, entity)
    return Copy(row, link, row in copy_rows(link))


def copy_rows(link: Link) -> Iterator[str]:
    """Yield the rows that repeat an entry."""
    entry = entry_of(link)
    if entry is None:
        return
    yield _row(index_of(by=entry.by), link.stamp)
    if entry.patient:
        yield _row(index_of(patient=entry.patient), link.stamp)


def properties_of(made: Link | Mark) -> Mapping[str, Property]:
    """Return what a row holds: not the lane, which is its partition, nor an entry's stamp, which names it."""
    left_out = ("lane", "stamp") if isinstance(made, Link) else ("lane",)
    return {name: value for name, value in asdict(made).items() if name not in left_out}


def link_of(lane: int, row: str, entity: Entity) -> Link:
    """Read an entry; a property that is missing is empty, and shows as an edit."""
    far = row.rpartition("-")[2]
    return Link(
        lane,
        _number(entity, "number"),
        _FAR - int(far) if far.isdecimal() else 0,
        _text(entity, "previous"),
        _text(entity, "digest"),
        _text(entity, "key"),
        body if isinstance(body := entity.get("body"), bytes) else b"",
    )


def mark_of(lane: int, entity: Entity) -> Mark:
    """Read a head or foot."""
    texts = (_text(entity, name) for name in ("digest", "key", "seal"))
    return Mark(lane, _number(entity, "number"), _number(entity, "stamp"), *texts)


def appending(head: Mark, etag: str, links: Sequence[Link]) -> list[Write]:
    """Return the writes that append entries and move the lane's head, which must have this ETag."""
    rows = [_write("insert", link, row) for link in links for row in rows_of(link)]
    return [put_mark("head", head, etag), *rows]


def put_mark(end: End, mark: Mark, etag: str) -> Write:
    """Return the write of a head or foot over the one with an ETag; "": there must be none."""
    write = _write("merge" if etag else "insert", mark, mark_row(end))
    return replace(write, etag=etag)


def put_copies(link: Link) -> list[Write]:
    """Return the writes of the rows that repeat an entry, whether they are there or not."""
    return [_write("upsert", link, row) for row in copy_rows(link)]


def drops(lane: int, rows: Iterable[str]) -> list[Write]:
    """Return the writes that remove rows."""
    return [Write("delete", partition_of(lane), row) for row in rows]


def _write(kind: Literal["insert", "merge", "upsert"], made: Link | Mark, row: str) -> Write:
    return Write(kind, partition_of(made.lane), row, properties_of(made))


def _row(index: str, stamp: int) -> str:
    return f"{index}-{_FAR - min(max(stamp, 0), _FAR):019d}"


def _text(entity: Entity, name: str) -> str:
    return value if isinstance(value := entity.get(name), str) else ""


def _number(entity: Entity, name: str) -> int:
    return value if isinstance(value := entity.get(name), int) else 0
