"""Notifications in: prove, parse, account for event numbers, enqueue; the answer goes out once that is done.

*notification* → resource change → … Nothing is read from the FHIR server here, so that answers are fast.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from shared import telemetry
from shared.errors import Rejected
from shared.fhir.notification import (
    Heard,
    Ignored,
    Limits,
    Notification,
    Parsed,
    Reply,
    Request,
    ResourceChange,
)
from shared.fhir.parse_notification import parse, parse_message
from shared.fhir.project import KEPT_TYPES
from shared.fhir.proof import Evidence, believe, prove
from shared.fhir.sources import Source
from shared.queues import CHANGES, RECOVERIES
from shared.usecases.count import count as count_events
from shared.usecases.jobs import Change, Changes, Job, Recovery, encode_job
from shared.usecases.posting import post
from shared.usecases.services import Services

LARGEST = 40 * 1024
"""Bytes of a pushed body in a queue message; a larger one is left out and read back from the server."""


class Receipt(Struct, frozen=True):
    """What came of a delivery: a reply to send, or how many changes were queued and what was passed over."""

    reply: Reply | None = None
    queued: int = 0
    ignored: tuple[Ignored, ...] = ()


async def hear(
    services: Services, source: Source, request: Request, evidence: Evidence, limits: Limits
) -> Receipt:
    """Take one HTTP request of a source. Raises Unauthenticated, Rejected, Unavailable."""
    proof = prove(source, request, evidence)
    return await take_parsed(services, source, believe(source, proof, parse(request, limits)))


async def hear_message(services: Services, source: Source, body: bytes, limits: Limits) -> Receipt:
    """Take one message of a queue that only Event Grid may write to. Raises Rejected, Unavailable."""
    parsed = parse_message(body, limits)
    if isinstance(parsed, Heard) and any(n.format not in source.formats for n in parsed.notifications):
        raise Rejected("not a format that this source sends", "unexpected-format")
    return await take_parsed(services, source, parsed)


async def take_parsed(
    services: Services, source: Source, parsed: Parsed, *, replayed: bool = False
) -> Receipt:
    """Account for what a source said and queue it. Raises Unavailable.

    What is `replayed` is queued whether or not it was heard before: somebody wants it to be.
    """
    if isinstance(parsed, Reply):
        return Receipt(reply=parsed)
    changes = [_job(change) for change in _kept(parsed.notifications)]
    recoveries = [told.recover for told in parsed.notifications if told.recover is not None]
    for told in parsed.notifications:
        await count_events(services, source, told)
    telemetry.count("hearthline.notifications", source=source.name, outcome="taken" if changes else "empty")
    for (kind, action), number in Counter((job.resource_type, job.action) for job in changes).items():
        telemetry.count("hearthline.changes.heard", number, type=kind, action=action)
    jobs: list[tuple[str, Job]] = [(CHANGES, job) for job in changes]
    jobs += [(RECOVERIES, Recovery(source.name, recover)) for recover in recoveries]
    heard = not replayed
    await asyncio.gather(*(post(services.queue, queue, job, heard=heard) for queue, job in _packed(jobs)))
    return Receipt(queued=len(changes), ignored=parsed.ignored)


def _kept(notifications: Iterable[Notification]) -> Iterator[ResourceChange]:
    for told in notifications:
        yield from (change for change in told.changes if change.key.resource_type in KEPT_TYPES)


def _job(change: ResourceChange) -> Change:
    return Change(
        resource_type=change.key.resource_type,
        resource_id=change.key.resource_id,
        version=change.version or "",
        action=change.action,
        at=change.at,
        resource=change.resource,
    )


MANY = 200
"""Changes of one delivery that are queued one by one; more are packed, to answer in time."""

PACK = 128
"""References in one message: with the longest ids that there are, they fit."""


def _packed(jobs: Sequence[tuple[str, Job]]) -> Iterator[tuple[str, Job]]:
    """Leave out bodies that are too large; pack the references of a very large delivery."""
    small = [(queue, _without_large_body(job)) for queue, job in jobs]
    if len(small) <= MANY:
        yield from small
        return
    changes = [job for _, job in small if isinstance(job, Change)]
    bare = [Change(c.resource_type, c.resource_id, c.version, c.action, c.at) for c in changes]
    for start in range(0, len(bare), PACK):
        yield CHANGES, Changes(tuple(bare[start : start + PACK]))
    yield from ((queue, job) for queue, job in small if not isinstance(job, Change))


def _without_large_body(job: Job) -> Job:
    if isinstance(job, Change) and job.resource is not None and len(encode_job(job)) > LARGEST:
        return Change(job.resource_type, job.resource_id, job.version, job.action, job.at)
    return job
