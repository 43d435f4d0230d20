"""Kept: replies that wait until their sender has said which question they answer, one for a contact point."""

from __future__ import annotations

import hashlib

import msgspec

from shared.fhir.instants import Instant
from shared.message.asking import Asking
from shared.usecases.services import Services

KIND = "asking"

_decoder = msgspec.json.Decoder(Asking)
_encode = msgspec.json.Encoder().encode


async def find(services: Services, channel: str, address: str) -> tuple[Asking | None, str]:
    """Return what waits for a contact point, and its ETag; what is too old is none."""
    held = await services.documents.get(KIND, _name(channel, address))
    if held is None:
        return None, ""
    asking = _read(held[0])
    late = asking is None or asking.expires <= services.clock.now()
    return (None if late else asking), held[1]


async def keep(services: Services, channel: str, address: str, asking: Asking, etag: str) -> None:
    """Write it over what was found. Raises Conflict, to be tried again: another reply came first."""
    await services.documents.put(KIND, _name(channel, address), _encode(asking), etag)


async def forget(services: Services, channel: str, address: str) -> None:
    """Delete what waits for a contact point, as it is somebody's who is erased."""
    await services.documents.delete(KIND, _name(channel, address))


async def purge(services: Services, now: Instant) -> None:
    """Delete what is too old: a reply is not kept for longer than somebody waits for it."""
    late = [name async for name, body in services.documents.all(KIND) if _is_late(body, now)]
    for name in late:
        await services.documents.delete(KIND, name)


def _is_late(body: bytes, now: Instant) -> bool:
    asking = _read(body)
    return asking is None or asking.expires <= now


def _read(body: bytes) -> Asking | None:
    try:
        return _decoder.decode(body)
    except msgspec.DecodeError:  # of another version of this program: it waits for nobody
        return None


def _name(channel: str, address: str) -> str:
    """Name it by a digest: names stand in URLs."""
    return hashlib.sha256(f"{channel}|{address}".encode()).hexdigest()[:40]
