"""Erasure in the analytics log: a key is noted, left out of every answer at once, and of files by night."""

from __future__ import annotations

from shared.ports import Documents

FORGOTTEN = "analytics-forgotten"
"""Kind of the documents that name, by opaque key, those who were erased and still stand in files."""


async def forget(documents: Documents, key: str) -> None:
    """Have a person left out from now on. Raises Unavailable."""
    await documents.put(FORGOTTEN, key, b"{}", None)


async def forgotten(documents: Documents) -> frozenset[str]:
    """Return the keys that are still to be taken out of files. Raises Unavailable."""
    return frozenset([key async for key, _ in documents.all(FORGOTTEN)])


async def is_done(documents: Documents, keys: frozenset[str]) -> None:
    """Note that these stand in no file any more. Raises Unavailable."""
    for key in keys:
        await documents.delete(FORGOTTEN, key)
