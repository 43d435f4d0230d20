"""The walk of retention: everybody once a week, then all links; documents every night; a while at a time.

How far it is stands in a document, so that the next call, or another instance, goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shared.errors import Conflict
from shared.fhir.instants import DAY, HOUR, Instant
from shared.ports import BEYOND, LinkRow
from shared.retention import Kept, Retention
from shared.usecases.asked_once import drop_old_answers
from shared.usecases.inbound.kept import purge
from shared.usecases.needs import list_needs
from shared.usecases.operations.written import drop_old_work
from shared.usecases.privacy.reads import READS
from shared.usecases.rejections import REJECTIONS
from shared.usecases.retention.prune import Pruned, prune_patient
from shared.usecases.services import Services
from shared.usecases.trail.upkeep import prune_trail

RETENTION = "retention"
"""Kind of the document that says how far the walk is."""
WALK = "walk"

PAGE = 100
"""Patients read with one query."""
LINKS = 500
"""Links read with one query."""
SECONDS = 240.0
"""Real time for one call: functions are stopped after ten minutes."""
EVERY = 6 * DAY
"""How long after the beginning of one walk the next may begin."""
NIGHT = 20 * HOUR
"""How long after documents were looked through they are again."""
_NOTES: dict[str, Kept] = {REJECTIONS: "rejections", READS: "timeline"}
"""Kinds of documents that are dated notes, and as what they are kept."""


class Walk(Struct, frozen=True):
    """How far it is."""

    began: Instant | None = None
    phase: Literal["patients", "links", "done"] = "done"
    cursor: str = ""
    documents: Instant | None = None
    """When they were last looked through."""
    pruned: Pruned = Pruned()
    """What went since it began."""
    needs: Literal["", "under-way", "done"] = ""
    """Whether messages from before there was a list of those that need somebody have been put into it."""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Walk).decode


async def run_retention(
    services: Services,
    kept: Retention,
    seconds: float = SECONDS,
    real_time: Callable[[], float] = time.monotonic,
    page: int = PAGE,
) -> Pruned:
    """Go on with the walk for a while, or begin one that is due; what went. Raises Unavailable.

    Two instances at once do no harm: what is gone already is no error, and who saves second stops.
    """
    found = await services.documents.get(RETENTION, WALK)
    walk, etag = (_decode(found[0]), found[1]) if found else (Walk(), "")
    until, now, gone = real_time() + seconds, services.clock.now(), Pruned()
    if walk.documents is None or now - walk.documents >= NIGHT:
        gone += Pruned(documents=await _documents(services, kept), audit=await prune_trail(services, kept))
        walk = replace(walk, documents=now)
    if walk.phase == "done" and (walk.began is None or now - walk.began >= EVERY):
        needs: Literal["under-way", "done"] = "done" if walk.needs == "done" else "under-way"
        walk = Walk(now, "patients", "", walk.documents, needs=needs)
    going = True
    while going:
        if walk.phase != "done":
            walk, further = await _further(services, kept, walk, page)
            gone += further
        try:
            etag = await services.documents.put(RETENTION, WALK, _encode(walk), etag)
        except Conflict:
            break
        going = walk.phase != "done" and real_time() < until
    return gone


async def progress(services: Services) -> Walk:
    """Say how far it is. Raises Unavailable."""
    found = await services.documents.get(RETENTION, WALK)
    return _decode(found[0]) if found else Walk()


async def _further(services: Services, kept: Retention, walk: Walk, page: int) -> tuple[Walk, Pruned]:
    """Look at one page; how far it is then, and what went."""
    if walk.phase == "patients":
        stored = await services.patients.range(walk.cursor, BEYOND, page)
        gone = Pruned()
        for each in stored:
            gone += await prune_patient(services, each, kept)
            if walk.needs == "under-way":
                await list_needs(services, each.record)
        cursor = stored[-1].record.key if len(stored) == page else ""
        following: Literal["patients", "links", "done"] = "patients" if cursor else "links"
        if walk.needs == "under-way" and not cursor:
            walk = replace(walk, needs="done")
    else:
        rows = await services.indexes.links(walk.cursor, LINKS)
        gone = Pruned(links=sum([await _link(services, kept, row) for row in rows]))
        cursor = rows[-1].place if len(rows) == LINKS else ""
        following = "links" if cursor else "done"
    return replace(walk, phase=following, cursor=cursor, pruned=walk.pruned + gone), gone


async def _link(services: Services, kept: Retention, row: LinkRow) -> bool:
    """Drop a link that has expired; one that never does, once its message is too old or gone."""
    now = services.clock.now()
    if row.link.expires is not None:
        old = row.link.expires <= now
    else:
        before = kept.before("links", now, services.policy.zone)
        old = before is not None and await _is_of_old_message(services, row, before)
    if old:
        await services.indexes.withdraw(row.key, row.link)
    return old


async def _is_of_old_message(services: Services, row: LinkRow, before: Instant) -> bool:
    message = await services.patients.message(row.key, row.link.message_id) if row.link.message_id else None
    return message is not None and message.created < before


class _Dated(Struct, frozen=True):
    """What a document says of when it is from, whatever else is in it."""

    at: Instant


_decode_date = msgspec.json.Decoder(_Dated).decode


async def _documents(services: Services, kept: Retention) -> int:
    """Drop replies that wait for nothing any more, and notes that are too old; how many of these."""
    now = services.clock.now()
    await purge(services, now)
    dropped = await drop_old_work(services.documents, now)
    dropped += await drop_old_answers(services.documents, now)
    for kind, period in _NOTES.items():
        before = kept.before(period, now, services.policy.zone)
        if before is not None:
            old = [name async for name, body in services.documents.all(kind) if _is_old(body, before)]
            for name in old:
                await services.documents.delete(kind, name)
            dropped += len(old)
    return dropped


def _is_old(body: bytes, before: Instant) -> bool:
    try:
        return _decode_date(body).at < before
    except msgspec.DecodeError:
        return False
