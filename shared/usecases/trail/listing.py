"""List the audit trail, the latest first: lanes merged by time, a page as dear whatever its length.

By patient or caller an index is read; other filters look at some entries and take those that fit, so that a
page may be short though there are more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from shared.access.chain import LANES, Link
from shared.fhir.instants import Instant
from shared.ports.trail import AuditEntry, AuditTrail, entry_of

LOOKED_AT = 2000
"""Entries that one page may look at where a filter finds few."""
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
    while len(found) < limit and looked_at < LOOKED_AT:
        links = await _merged(trail, wanted, place, limit)
        for link in links:
            place, looked_at = Place(link.stamp, link.lane), looked_at + 1
            entry = entry_of(link)
            if wanted.takes(entry):
                found.append(Listed(link, entry, trail.sealer.is_link(link)))
                if len(found) == limit:
                    break
        if len(links) < limit:
            more = len(found) == limit and links and place != Place(links[-1].stamp, links[-1].lane)
            return tuple(found), place if more else None
    return tuple(found), place


async def _merged(trail: AuditTrail, wanted: Wanted, place: Place | None, limit: int) -> Sequence[Link]:
    """Read the next `limit` entries of all lanes."""
    since, until = wanted.since or 0, wanted.until or _EVER

    async def page(lane: int) -> tuple[Link, ...]:
        below = min(until, place.below(lane) if place else _EVER)
        by = "" if wanted.patient else wanted.by
        return await trail.page(lane, below, limit, since=since, patient=wanted.patient, by=by)

    pages = await asyncio.gather(*map(page, range(LANES)))
    merged = sorted((link for each in pages for link in each), key=lambda link: (-link.stamp, -link.lane))
    return merged[:limit]
