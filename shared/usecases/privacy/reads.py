"""Reads: who looked at all that is held of somebody, or did something about it; kept by opaque key."""

from __future__ import annotations

import logging
from typing import Literal
from uuid import uuid4

import msgspec
from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.instants import Instant
from shared.usecases.services import Services

READS = "reads"
"""Kind of the documents: by instant, so that they are walked in order."""

logger = logging.getLogger("hearthline.audit")

type What = Literal["evidence", "export", "erase", "lift", "list"]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder


class Read(Struct, frozen=True):
    """One look at what is held of a person."""

    at: Instant
    by: str
    """Who, as an opaque id."""
    what: What
    key: str
    """Whose, or "" where that is not known."""
    reason: str = ""


async def note(services: Services, what: What, key: str, by: str, reason: str = "") -> None:
    """Write down who does what about whom, before it is done. Raises Rejected (no-reader), Unavailable."""
    if not by.strip():
        raise Rejected("somebody must be named who does it", "no-reader")
    now = services.clock.now()
    await services.documents.put(
        READS, f"{now:020d}-{uuid4()}", _encode(Read(now, by, what, key, reason)), ""
    )
    logger.info("%s of %s by %s", what, key or "nobody known", by)


async def every_read(services: Services) -> list[Read]:
    """Return all that was noted, oldest first. Raises Unavailable."""
    decode = _decode(Read).decode
    return sorted([decode(body) async for _, body in services.documents.all(READS)], key=lambda read: read.at)
