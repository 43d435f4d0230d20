"""Find deletions that nobody told of: a search by `_lastUpdated` cannot see what is no longer there.

By timer, beside shared.usecases.recover; asks each type's `_history` since what was seen last.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from shared.errors import Conflict, Rejected
from shared.fhir.instants import Instant
from shared.fhir.project import KEPT_TYPES
from shared.ports import Deletion
from shared.usecases.jobs import Change, encode_job
from shared.usecases.recover import Watermark, advanced, watermark
from shared.usecases.services import CHANGES, Services

DELETIONS = "deletions"


class Seen(Struct, frozen=True):
    """How far the history of a type has been read, and what of it may be met again."""

    mark: Watermark
    names: tuple[str, ...] = ()
    """Deletions since `mark.start`, where the next look begins."""


_decode = msgspec.json.Decoder(Seen).decode
_encode = msgspec.json.Encoder().encode


async def find_deletions(services: Services) -> int:
    """Queue every deletion not seen before; how many. Raises Unavailable.

    A server that keeps no such history is asked in vain: there only notifications tell of deletions.
    """
    queued = 0
    for resource_type in sorted(KEPT_TYPES):
        try:
            queued += await _of_type(services, resource_type)
        except Rejected:
            continue
    return queued


async def _of_type(services: Services, resource_type: str) -> int:
    found = await services.documents.get(DELETIONS, resource_type)
    seen, etag = (_decode(found[0]), found[1]) if found else (None, "")
    known, begun = await watermark(services, resource_type)
    if seen is None:  # what was deleted before we began is in no record of ours
        if begun:
            await _keep(services, resource_type, Seen(Watermark(known.latest, known.latest)), etag)
        return 0
    deletions = [each async for each in services.fhir.deletions(resource_type, seen.mark.start)]
    fresh = [each for each in deletions if _name(each) not in seen.names]
    for deletion in fresh:
        await services.queue.send(CHANGES, encode_job(_change(deletion)))
    latest = Instant(max(seen.mark.latest, known.latest, *(each.at for each in deletions), Instant(0)))
    mark = advanced(seen.mark, latest, services.clock.now())
    names = tuple(sorted(_name(each) for each in deletions if each.at >= mark.start))
    if (after := Seen(mark, names)) != seen:
        await _keep(services, resource_type, after, etag)
    return len(fresh)


async def _keep(services: Services, resource_type: str, seen: Seen, etag: str) -> None:
    """Move on once everything is on the queue; when two instances look at once, either may win."""
    try:
        await services.documents.put(DELETIONS, resource_type, _encode(seen), etag)
    except Conflict:
        return


def _name(deletion: Deletion) -> str:
    return f"{deletion.key}|{deletion.version}"


def _change(deletion: Deletion) -> Change:
    key = deletion.key
    return Change(key.resource_type, key.resource_id, deletion.version, "deleted", deletion.at)
