"""Long work as a document: who asked for what, how far it is, and what came of it."""

from __future__ import annotations

from typing import Any, Literal
from uuid import uuid5

import msgspec
from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.instants import DAY, Instant
from shared.patient.record import NAMESPACE
from shared.ports import Documents

LONG_WORK = "long-work"
"""Kind of the documents: the latest first."""

_FAR = 10**18
_AT_ONCE = 100


class LongWork(Struct, frozen=True):
    """One operation as `GET /operations/{operation}` tells of it."""

    operation: str
    """Its id: later ones sort first."""
    kind: str
    """What is done: a name in shared.usecases.operations.kinds."""
    by: str
    """Who asked, as an opaque id."""
    asked: Instant
    params: dict[str, Any] = {}
    """Ids, definitions and numbers; nothing of a person."""
    status: Literal["waiting", "running", "succeeded", "failed", "cancelled"] = "waiting"
    done: int = 0
    of: int | None = None
    """How much there is to do, where that is known."""
    phase: str = ""
    """What is being done now, in words."""
    place: str = ""
    """Where to go on after a crash; the work alone knows what it means."""
    cancel: bool = False
    """Somebody wants it to end."""
    result: dict[str, Any] = {}
    problem: str = ""
    """Why it failed, in a sentence without anything of a person."""
    ended: Instant | None = None
    told: float = 0.0
    """When it was last written, in seconds of real time since 1970: the clock of the sandbox runs faster."""
    turn: int = 0
    """How often somebody began to do it: whoever did so before stops."""
    restarts: int = 0
    """How often it was handed out again as it stood still."""


STILL = 15 * 60.0
"""Seconds of real time after which work that nobody wrote of stands still: a function runs ten minutes."""

KEPT = 30 * DAY
"""How long work is kept, from when it was asked for."""


def stands_still(work: LongWork, real_now: float) -> bool:
    """Say whether nobody does it, though it has not ended; `real_now` in seconds since 1970."""
    return work.ended is None and real_now - work.told > STILL


_encode, _decode = msgspec.json.encode, msgspec.json.Decoder(LongWork).decode


def work_id(asked: Instant, intent: str) -> str:
    """Name long work: later work sorts first, and what is asked for twice at one instant is one."""
    return f"{_FAR - asked:018d}-{uuid5(NAMESPACE, intent).hex[:12]}"


async def load_work(documents: Documents, operation: str) -> tuple[LongWork, str]:
    """Read long work, and the ETag to write over. Raises Rejected (unknown-operation), Unavailable."""
    found = await documents.get(LONG_WORK, operation)
    if found is None:
        raise Rejected("there is no such operation", "unknown-operation")
    return _decode(found[0]), found[1]


async def save_work(documents: Documents, work: LongWork, etag: str | None) -> str:
    """Write it; the new ETag. Raises Conflict when somebody else wrote, Unavailable."""
    return await documents.put(LONG_WORK, work.operation, _encode(work), etag)


async def page_of_work(documents: Documents, after: str, limit: int) -> tuple[LongWork, ...]:
    """Return the first `limit` beyond one, the latest first."""
    return tuple(_decode(body) for _, body in await documents.page(LONG_WORK, after, limit))


async def drop_old_work(documents: Documents, now: Instant) -> int:
    """Remove what was asked for longer ago than it is kept; how much. Costs what it removes."""
    beyond, dropped = f"{_FAR - (now - KEPT):018d}", 0
    while rows := await documents.page(LONG_WORK, beyond, _AT_ONCE):
        for name, _ in rows:
            await documents.delete(LONG_WORK, name)
        dropped += len(rows)
    return dropped
