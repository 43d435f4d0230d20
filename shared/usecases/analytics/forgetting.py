"""Erasure in the analytics log: a key is noted, left out of every answer at once, and of files by night.

The files are gone through day by day; how far that is, and for whom, stands in a document.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from shared.ports import Documents

FORGOTTEN = "analytics-forgotten"
"""Kind of the documents that name, by opaque key, those who were erased and still stand in files."""
WALKS = "analytics-forgetting"
WALK = "walk"


class Forgetting(Struct, frozen=True):
    """Who is being taken out of files, and up to which day that is done."""

    keys: tuple[str, ...] = ()
    day: str = ""


_encode, _decode = msgspec.json.encode, msgspec.json.Decoder(Forgetting).decode


async def forget(documents: Documents, key: str) -> None:
    """Have a person left out from now on. Raises Unavailable."""
    await documents.put(FORGOTTEN, key, b"{}", None)


async def forgotten(documents: Documents) -> frozenset[str]:
    """Return the keys that are still to be taken out of files. Raises Unavailable."""
    return frozenset([key async for key, _ in documents.all(FORGOTTEN)])


async def go_on(documents: Documents, gone: frozenset[str]) -> Forgetting | None:
    """Return how far it is, or begin anew for these; None where nobody is to be taken out."""
    found = await documents.get(WALKS, WALK)
    if found is not None:
        return _decode(found[0])
    return Forgetting(tuple(sorted(gone))) if gone else None


async def went(documents: Documents, walk: Forgetting, day: str) -> Forgetting:
    """Note that a day, and all before it, is done. Raises Unavailable."""
    walk = Forgetting(walk.keys, day)
    await documents.put(WALKS, WALK, _encode(walk), None)
    return walk


async def is_done(documents: Documents, walk: Forgetting) -> None:
    """Note that they stand in no file any more. Raises Unavailable."""
    for key in walk.keys:
        await documents.delete(FORGOTTEN, key)
    await documents.delete(WALKS, WALK)
