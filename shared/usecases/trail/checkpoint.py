"""Checkpoints: an entry in every lane that says how all lanes stand, so that none can be cut off by itself.

Made every night and after a verification that found nothing; the log, another place, hears of it too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from itertools import count
from uuid import uuid4

from msgspec import Struct

from shared.access.chain import LANES, Mark, lane_of
from shared.ports.trail import AuditEntry
from shared.usecases.services import Services

logger = logging.getLogger("hearthline.audit")

CHECKPOINT = "checkpoint"
"""Name of the operation; nobody can call it."""
OURSELVES = "hearthline"
"""By whom: nobody's doing."""


class Claim(Struct, frozen=True):
    """That a lane had an entry."""

    lane: int
    number: int
    stamp: int
    digest: str

    def __str__(self) -> str:
        return f"{self.lane}:{self.number}:{self.stamp}:{self.digest}"


def claim_of(mark: Mark) -> Claim:
    """Return what a lane's head claims."""
    return Claim(mark.lane, mark.number, mark.stamp, mark.digest)


def read_claim(text: str) -> Claim | None:
    """Read what `str` wrote; None of anything else."""
    parts = text.split(":")
    if len(parts) != 4 or not all(part.isdecimal() for part in parts[:3]):
        return None
    return Claim(int(parts[0]), int(parts[1]), int(parts[2]), parts[3])


async def heads(services: Services) -> tuple[Mark, ...]:
    """Read the head of every lane. Raises Unavailable."""
    return tuple(await asyncio.gather(*map(services.trail.head, range(LANES))))


async def checkpoint(services: Services) -> tuple[Claim, ...]:
    """Write down in every lane how all stand: none is empty from then on. Raises Unavailable."""
    found = await heads(services)
    if empty := [head.lane for head in found if not head.number]:
        await _append(services, empty, ())
        found = await heads(services)
    claims = tuple(map(claim_of, found))
    logger.info("the audit trail stands at %s", " ".join(map(str, claims)))
    await _append(services, range(LANES), tuple(map(str, claims)))
    return claims


async def _append(services: Services, lanes: Iterable[int], about: tuple[str, ...]) -> None:
    now, name = services.clock.now(), str(uuid4())
    requests = (next(each for n in count() if lane_of(each := f"{name}-{n}") == lane) for lane in lanes)
    entries = (
        AuditEntry(now, each, CHECKPOINT, "change", "done", OURSELVES, about=about) for each in requests
    )
    await asyncio.gather(*map(services.trail.append, entries))


def claims_in(entry: AuditEntry | None) -> tuple[Claim, ...]:
    """Return what a checkpoint claims; nothing of any other entry."""
    if entry is None or entry.operation != CHECKPOINT:
        return ()
    return tuple(claim for text in entry.about if (claim := read_claim(text)))
