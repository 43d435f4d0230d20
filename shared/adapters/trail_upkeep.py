"""The audit trail's rows read, pruned after years, and put right after a backup was put back."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress

from shared.access.chain import End, Link, Mark, Sealer
from shared.adapters.tables import MAX_OPERATIONS
from shared.adapters.trail_rows import (
    COPIES,
    ENTRIES,
    Lanes,
    copy_of,
    drops,
    link_of,
    mark_of,
    mark_row,
    put_copies,
    put_mark,
    rows_of,
    span,
)
from shared.errors import Conflict
from shared.fhir.instants import Instant
from shared.ports.trail import Copy

logger = logging.getLogger("hearthline.audit")

PAGE = 1000
_PRUNED = MAX_OPERATIONS // 3
"""Entries removed by one transaction: each has up to three rows."""
_AFTER = "~"
"""Comes after every name of a row."""
_EVER = 10**18


async def read_mark(rows: Lanes, end: End, lane: int) -> tuple[Mark, str]:
    """Read a lane's head or foot and its ETag; that of no row where there is none."""
    found = await rows.get(lane, mark_row(end))
    return (mark_of(lane, found[0]), found[1]) if found else (Mark(lane), "")


async def read_links(
    rows: Lanes, lane: int, index: str, below: int, limit: int, since: int = 0
) -> tuple[Link, ...]:
    """Read entries by rows of an index, newest first."""
    found = await rows.range(lane, *span(index, below, since), limit)
    return tuple(link_of(lane, row, entity) for row, entity in found)


async def read_copies(rows: Lanes, lane: int, after: str, limit: int) -> tuple[Copy, ...]:
    """Read the rows that repeat entries, by name."""
    found = await rows.range(lane, after or COPIES, COPIES + _AFTER, limit)
    return tuple(copy_of(lane, row, entity) for row, entity in found)


async def prune(rows: Lanes, sealer: Sealer, lane: int, before: Instant) -> int:
    """Remove entries of before an instant; how many.

    The foot moves first: what a crash leaves below it is no part of the trail any more, and goes next time.
    """
    foot, etag = await read_mark(rows, "foot", lane)
    newest = await read_links(rows, lane, ENTRIES, before, 1, foot.stamp + 1)
    if newest and not sealer.is_link(newest[0]):
        logger.error("audit trail: entry %d of lane %d was edited: nothing is pruned", newest[0].number, lane)
        return 0
    if newest:
        foot = sealer.mark("foot", newest[0])
        await rows.transact(lane, [put_mark("foot", foot, etag)])
    gone = 0
    while foot.number and (old := await read_links(rows, lane, ENTRIES, foot.stamp + 1, _PRUNED)):
        await _remove(rows, lane, [row for link in old for row in rows_of(link)])
        gone += len(old)
    return gone


async def settle(rows: Lanes, sealer: Sealer, lane: int) -> int:
    """Take on entries that are chained to the head though it does not know them; drop rows of none."""
    head, etag = await read_mark(rows, "head", lane)
    changed = 0
    for link in reversed(await read_links(rows, lane, ENTRIES, _EVER, 10 * PAGE, head.stamp + 1)):
        if link.previous == head.digest and sealer.is_link(link):
            head = sealer.mark("head", link)
            etag = await rows.transact(lane, [put_mark("head", head, etag), *put_copies(link)])
            changed += 1
    return changed + await _drop_copies(rows, lane, head)


async def _drop_copies(rows: Lanes, lane: int, head: Mark) -> int:
    strays, after = list[str](), ""
    while found := await read_copies(rows, lane, after, PAGE):
        strays += [copy.row for copy in found if copy.link.stamp > head.stamp]
        after = found[-1].row
    for start in range(0, len(strays), MAX_OPERATIONS):
        await _remove(rows, lane, strays[start : start + MAX_OPERATIONS])
    return len(strays)


async def _remove(rows: Lanes, lane: int, names: Sequence[str]) -> None:
    """Remove rows; those that are gone already are no error."""
    try:
        await rows.transact(lane, drops(lane, names))
    except Conflict:
        for name in names:
            with suppress(Conflict):
                await rows.transact(lane, drops(lane, [name]))
