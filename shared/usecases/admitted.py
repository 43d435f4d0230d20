"""Whom a journey with limits has let in, as a document: what its pace asks, and who is on the way in."""

from __future__ import annotations

from hashlib import blake2b

import msgspec
from msgspec import Struct

from shared.journey.pace import Granted
from shared.ports import Documents, Entry

ADMISSIONS = "admissions"
"""Kind of these documents, one for each journey with limits."""

_encode = msgspec.json.Encoder(order="deterministic").encode


class Admitted(Struct, frozen=True):
    """What one journey has let in."""

    journey: str
    """Url: all versions count together."""
    granted: Granted = Granted()
    pending: tuple[Entry, ...] = ()
    """Counted as let in, and perhaps not yet on the queue: whoever reads this puts them on it again."""
    unseen: tuple[Entry, ...] = ()
    """Of a journey paced by capacity: let in lately, and not in its roster yet."""


async def load_admitted(documents: Documents, journey: str) -> tuple[Admitted, str]:
    """Read what a journey has let in, and the ETag to write over. Raises Unavailable."""
    found = await documents.get(ADMISSIONS, _name(journey))
    if found is None:
        return Admitted(journey), ""
    return msgspec.json.decode(found[0], type=Admitted), found[1]


async def save_admitted(documents: Documents, state: Admitted, etag: str) -> str:
    """Write it; the new ETag. Raises Conflict when somebody else wrote, Unavailable."""
    return await documents.put(ADMISSIONS, _name(state.journey), _encode(state), etag)


def _name(journey: str) -> str:
    return blake2b(journey.encode(), digest_size=16).hexdigest()
