"""When a source was last heard of, to the minute: for people, as most senders number nothing."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from shared.fhir.instants import Instant
from shared.ports import Documents

HEARD = "heard"
"""Kind of the documents, by the source's name."""


class LastHeard(Struct, frozen=True):
    """When a source was last heard of."""

    at: Instant


_encode, _decode = msgspec.json.encode, msgspec.json.Decoder(LastHeard).decode


async def write_heard(documents: Documents, source: str, at: Instant) -> None:
    """Write down that a source was heard of. Raises Unavailable."""
    await documents.put(HEARD, source, _encode(LastHeard(at)), None)


async def last_heard(documents: Documents, source: str) -> Instant | None:
    """Return when a source was last heard of; None where it never was. Raises Unavailable."""
    found = await documents.get(HEARD, source)
    return _decode(found[0]).at if found else None
