"""The audit trail over rows: entries that wait for one lane are appended together, each chained to the last.

One transaction writes the entries and moves the lane's head, which must be as we saw it: two instances never
continue from the same entry. What a process appends at once to a lane goes into few transactions.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable

from msgspec import Struct

from shared.access.chain import LANES, PLAIN, Link, Mark, Sealer, lane_of
from shared.adapters.tables import MAX_BYTES, MAX_OPERATIONS
from shared.adapters.trail_rows import ENTRIES, Lanes, appending, entry_row, index_of, link_of
from shared.adapters.trail_upkeep import prune, read_copies, read_links, read_mark, settle
from shared.errors import Conflict, HearthlineError, Unavailable
from shared.fhir.instants import Instant
from shared.ports.trail import AuditEntry, Copy, bounded, encode_entry

logger = logging.getLogger("hearthline.audit")

ROWS = 3
"""Of one entry, at most."""
TOGETHER = (MAX_OPERATIONS - 1) // ROWS
"""Entries of one transaction, beside the head."""
_MOST_BYTES = MAX_BYTES // (2 * ROWS)
"""Of their bodies: each is written up to three times, as base64."""
TRIES = 12
"""How often a transaction is tried that other instances were faster than."""


class _Waiting(Struct):
    at: Instant
    body: bytes
    written: asyncio.Future[None]


class _Lane:
    """What a process knows of a lane, and what waits to be appended to it."""

    def __init__(self, lane: int) -> None:
        self.lane = lane
        self.head: tuple[Mark, str] | None = None
        self.seen = 0
        """Number of the latest entry that was ever seen here: heads never go back."""
        self.waiting: deque[_Waiting] = deque()
        self.work: asyncio.Task[None] | None = None


class ChainedTrail:
    """AuditTrail over lanes of rows."""

    def __init__(
        self,
        rows: Lanes,
        sealer: Sealer | None = None,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._rows = rows
        self._sealer = sealer or Sealer()
        self._pause = pause
        self._lanes = [_Lane(number) for number in range(LANES)]

    @property
    def sealer(self) -> Sealer:
        """See AuditTrail.sealer."""
        return self._sealer

    async def append(self, entry: AuditEntry) -> None:
        """See AuditTrail.append."""
        entry = bounded(entry)
        lane = self._lanes[lane_of(entry.request)]
        waiting = _Waiting(entry.at, encode_entry(entry), asyncio.get_running_loop().create_future())
        lane.waiting.append(waiting)
        if lane.work is None or lane.work.done():
            lane.work = asyncio.get_running_loop().create_task(self._work(lane))
        await waiting.written

    async def _work(self, lane: _Lane) -> None:
        """Append what waits, and what comes meanwhile, some at a time."""
        while lane.waiting:
            some = _some_of(lane.waiting)
            try:
                await self._commit(lane, some)
            except HearthlineError as error:
                _tell(some, error)
            except BaseException as error:
                _tell([*some, *lane.waiting], Unavailable("the audit trail stopped"))
                lane.waiting.clear()
                raise error
            else:
                _tell(some, None)

    async def _commit(self, lane: _Lane, some: list[_Waiting]) -> None:
        for attempt in range(TRIES):
            head, etag = lane.head or await self._read_head(lane)
            links = self._chained(head, some)
            latest = self._sealer.mark("head", links[-1])
            try:
                written = await self._rows.transact(lane.lane, appending(latest, etag, links))
            except Conflict:
                lane.head = None
                await self._pause(random.uniform(0, min(0.002 * 2**attempt, 0.5)))  # noqa: S311 - no secret
                continue
            except Unavailable:
                lane.head = None
                if not await self._is_written(links[-1]):
                    raise
                return
            lane.head, lane.seen = (latest, written), latest.number
            return
        raise Unavailable("the audit trail is written to by too many at once")

    def _chained(self, head: Mark, some: list[_Waiting]) -> list[Link]:
        links: list[Link] = []
        for each in some:
            link = self._sealer.link(head, each.at, each.body)
            head = Mark(link.lane, link.number, link.stamp, link.digest)
            links.append(link)
        return links

    async def _read_head(self, lane: _Lane) -> tuple[Mark, str]:
        head, etag = await read_mark(self._rows, "head", lane.lane)
        if head.key != PLAIN and self._sealer.key == PLAIN:
            raise Unavailable(
                "the audit trail has keys: HEARTHLINE_AUDIT_SECRETS must be set to append to it"
            )
        if head.number < lane.seen or not self._sealer.is_mark("head", head):
            logger.error("audit trail: the head of lane %d is not as it was left: verify it", lane.lane)
        lane.seen = head.number
        return head, etag

    async def _is_written(self, link: Link) -> bool:
        """Look whether a transaction went through of which no answer came. Raises Unavailable."""
        row = entry_row(link.stamp)
        found = await self._rows.get(link.lane, row)
        return found is not None and link_of(link.lane, row, found[0]) == link

    async def head(self, lane: int) -> Mark:
        """See AuditTrail.head."""
        return (await read_mark(self._rows, "head", lane))[0]

    async def foot(self, lane: int) -> Mark:
        """See AuditTrail.foot."""
        return (await read_mark(self._rows, "foot", lane))[0]

    async def page(
        self, lane: int, below: int, limit: int, *, since: int = 0, patient: str = "", by: str = ""
    ) -> tuple[Link, ...]:
        """See AuditTrail.page."""
        index = index_of(patient=patient, by=by) if patient or by else ENTRIES
        return await read_links(self._rows, lane, index, below, limit, since)

    async def copies(self, lane: int, after: str, limit: int) -> tuple[Copy, ...]:
        """See AuditTrail.copies."""
        return await read_copies(self._rows, lane, after, limit)

    async def prune(self, lane: int, before: Instant) -> int:
        """See AuditTrail.prune."""
        return await prune(self._rows, self._sealer, lane, before)

    async def settle(self, lane: int) -> int:
        """See AuditTrail.settle."""
        self._lanes[lane].head = None
        return await settle(self._rows, self._sealer, lane)


def _some_of(waiting: deque[_Waiting]) -> list[_Waiting]:
    """Take as many as one transaction holds."""
    some, size = [waiting.popleft()], 0
    while waiting and len(some) < TOGETHER and size + len(waiting[0].body) < _MOST_BYTES:
        size += len(waiting[0].body)
        some.append(waiting.popleft())
    return some


def _tell(some: list[_Waiting], error: HearthlineError | None) -> None:
    for each in some:
        if each.written.done():  # whoever waited was cancelled
            continue
        if error is None:
            each.written.set_result(None)
        else:
            each.written.set_exception(error)
