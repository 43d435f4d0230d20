"""Find deletions that nobody told of: a search by `_lastUpdated` cannot see what is no longer there.

By timer, beside shared.usecases.recover; asks each type's `_history` since what was seen last.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.instants import Instant
from shared.fhir.project import KEPT_TYPES
from shared.ports import Deletion
from shared.queues import CHANGES
from shared.usecases.jobs import Change
from shared.usecases.posting import post
from shared.usecases.recover import Watermark, advanced, keep, watermark
from shared.usecases.services import Services

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
            first = Seen(Watermark(known.latest, known.latest))
            await keep(services, DELETIONS, resource_type, _encode(first), etag)
        return 0
    deletions = [each async for each in services.fhir.deletions(resource_type, seen.mark.start)]
    fresh = [each for each in deletions if _name(each) not in seen.names]
    for deletion in fresh:
        await post(services.queue, CHANGES, _change(deletion))
    latest = Instant(max(seen.mark.latest, known.latest, *(each.at for each in deletions)))
    mark = advanced(seen.mark, latest, services.clock.now())
    names = tuple(sorted(_name(each) for each in deletions if each.at >= mark.start))
    if (after := Seen(mark, names)) != seen:
        await keep(services, DELETIONS, resource_type, _encode(after), etag)
    return len(fresh)


def _name(deletion: Deletion) -> str:
    return f"{deletion.key}|{deletion.version}"


def _change(deletion: Deletion) -> Change:
    key = deletion.key
    return Change(key.resource_type, key.resource_id, deletion.version, "deleted", deletion.at)
