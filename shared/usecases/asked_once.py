"""Requests that were asked for under a key of the caller's, and their answers: each is done once, for a day.

A document a request, named by who asked for what under which key; functions/admin/idempotency.py reads them.
"""

from __future__ import annotations

import msgspec

from shared.errors import Conflict
from shared.fhir.instants import DAY, MINUTE, Instant
from shared.ports import Documents

ASKED = "idempotency"
"""Kind of the documents."""

KEPT = DAY
"""How long an answer is kept, from when it was given."""

STALE = 5 * MINUTE
"""After which a request without an answer is taken to have died: whoever comes again does it."""

_AT_ONCE = 100


class Asked(msgspec.Struct, frozen=True):
    """What is known of a request; without a status it is under way."""

    at: Instant
    asked: str
    """Digest of where it went and of its body."""
    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = {}
    first: Instant = Instant(0)
    """When it came first; `at` is later where the one who carried it out died, and another does it now."""


_encode, _decode = msgspec.json.encode, msgspec.json.Decoder(Asked).decode


async def claim(documents: Documents, name: str, asked: str, now: Instant) -> tuple[bool, Asked]:
    """Say whether a request is ours to carry out now, and what is known of it. Raises Unavailable.

    Of several that come at once it is one's alone: the document is made, or taken over, by its ETag.
    """
    found, first = await documents.get(ASKED, name), now
    if found is not None:
        known = _decode(found[0])
        if known.asked != asked or known.status or now < known.at + STALE:
            return False, known
        first = known.first
    ours = Asked(now, asked, first=first)
    try:
        await documents.put(ASKED, name, _encode(ours), found[1] if found else "")
    except Conflict:
        return False, ours
    return True, ours


async def answer(documents: Documents, name: str, given: Asked) -> None:
    """Keep the answer of a request. Raises Unavailable."""
    await documents.put(ASKED, name, _encode(given), None)


async def forget(documents: Documents, name: str) -> None:
    """Let a request be made again: it was refused, or failed on our side. Raises Unavailable."""
    await documents.delete(ASKED, name)


async def drop_old_answers(documents: Documents, now: Instant) -> int:
    """Remove what is older than it is kept; how much. Reads a page at a time. Raises Unavailable."""
    after, dropped = "", 0
    while rows := await documents.page(ASKED, after, _AT_ONCE):
        old = [name for name, body in rows if _decode(body).at + KEPT <= now]
        for name in old:
            await documents.delete(ASKED, name)
        after, dropped = rows[-1][0], dropped + len(old)
    return dropped
