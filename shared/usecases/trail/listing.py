"""List the audit trail, the latest first: lanes merged by time, a page as dear whatever its length.

By patient or caller an index is read; other filters look at some entries and take those that fit, so that a
page may be short though there are more.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from msgspec import Struct

from shared.access.chain import LANES, Link
from shared.fhir.instants import Instant
from shared.ports.trail import AuditEntry, AuditTrail, entry_of

LOOKED_AT = 2000
"""Entries that one page may look at where a filter finds few."""
_PICKY, _LEAST = 250, 16
"""Entries of a lane read at once: where a filter may find few, and at least."""
_EVER = 10**17


class Wanted(Struct, frozen=True):
    """Which entries; "" and None: any."""

    patient: str = ""
    by: str = ""
    operation: str = ""
    outcome: str = ""
    glass: bool | None = None
    since: Instant | None = None
    until: Instant | None = None

    def takes(self, entry: AuditEntry | None) -> bool:
        """Say whether an entry fits; one that cannot be read does, where nothing is asked of its content."""
        if entry is None:
            return not (self.patient or self.by or self.operation or self.outcome or self.glass is not None)
        asked = (
            (self.patient, entry.patient),
            (self.by, entry.by),
            (self.operation, entry.operation),
            (self.outcome, entry.outcome),
        )
        fits = all(not wanted or wanted == there for wanted, there in asked)
        return fits and (self.glass is None or self.glass == entry.glass)


class Listed(Struct, frozen=True):
    """An entry with its place in the chain."""

    link: Link
    entry: AuditEntry | None
    """None where somebody wrote something else over it."""
    genuine: bool
    """It is as it was when its digest was made; that none is missing beside it, verification proves."""


class Place(Struct, frozen=True):
    """Where a page ended: at the last entry that was looked at."""

    stamp: int
    lane: int

    def below(self, lane: int) -> int:
        """Return below which stamp a lane goes on."""
        return self.stamp + 1 if lane < self.lane else self.stamp


async def list_entries(
    trail: AuditTrail, wanted: Wanted, place: Place | None, limit: int
) -> tuple[tuple[Listed, ...], Place | None]:
    """Return a page, and where the next begins; None where this is the last. Raises Unavailable."""
    found: list[Listed] = []
    looked_at = 0
    async for link in _merged(trail, wanted, place, _size(wanted, limit)):
        if len(found) == limit or looked_at == LOOKED_AT:
            return tuple(found), place
        place, looked_at = Place(link.stamp, link.lane), looked_at + 1
        entry = entry_of(link)
        if wanted.takes(entry):
            found.append(Listed(link, entry, trail.sealer.is_link(link)))
    return tuple(found), None


def _size(wanted: Wanted, limit: int) -> int:
    """Return how many entries of a lane are read at once: many where few of them may fit."""
    picky = wanted.operation or wanted.outcome or wanted.glass is not None or (wanted.patient and wanted.by)
    return _PICKY if picky else max(_LEAST, limit // 3)


async def _merged(trail: AuditTrail, wanted: Wanted, place: Place | None, size: int) -> AsyncIterator[Link]:
    """Walk the entries of all lanes behind a place, the latest first."""
    until = wanted.until if wanted.until is not None else _EVER
    lanes = [
        _Lane(trail, lane, wanted, min(until, place.below(lane) if place else _EVER), size)
        for lane in range(LANES)
    ]
    await asyncio.gather(*(lane.fill() for lane in lanes))
    while going := [lane for lane in lanes if lane.waiting]:
        latest = max(going, key=lambda lane: (lane.waiting[0].stamp, lane.number))
        yield latest.waiting.popleft()
        if not latest.waiting:
            await latest.fill()


class _Lane:
    """The entries of one lane, read some at a time."""

    def __init__(self, trail: AuditTrail, number: int, wanted: Wanted, below: int, size: int) -> None:
        self.number = number
        self.waiting: deque[Link] = deque()
        self._trail, self._wanted, self._below, self._size = trail, wanted, below, size
        self._ended = False

    async def fill(self) -> None:
        """Read the next, if there are any."""
        if self._ended:
            return
        wanted, since = self._wanted, max(self._wanted.since or 0, 0)
        by = "" if wanted.patient else wanted.by
        found = await self._trail.page(
            self.number, self._below, self._size, since=since, patient=wanted.patient, by=by
        )
        self.waiting.extend(found)
        self._ended = len(found) < self._size
        self._below = found[-1].stamp if found else self._below
