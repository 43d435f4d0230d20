"""Keep count of a subscription's event numbers, so that a notification that never came is missed."""

from __future__ import annotations

import msgspec

from shared.errors import Conflict, Unavailable
from shared.fhir.counters import Counter, observe, recovered, recovery
from shared.fhir.notification import Notification
from shared.fhir.sources import Source
from shared.patient.record import identify
from shared.queues import RECOVERIES
from shared.usecases.jobs import Recovery
from shared.usecases.posting import post
from shared.usecases.services import Services

COUNTERS = "counters"

_ATTEMPTS = 8
_decode = msgspec.json.Decoder(Counter).decode
_encode = msgspec.json.Encoder().encode


async def count(services: Services, source: Source, told: Notification) -> None:
    """Account for a notification's numbers, and queue what has to be looked for. Raises Unavailable.

    The queue comes first: a gap is found once, and must not be forgotten by a crash before it is queued.
    """
    if told.subscription is None or (told.events_since_start is None and not told.event_numbers):
        return
    name = counter_name(source.name, told.subscription)
    for _ in range(_ATTEMPTS):
        before, etag = await _load(services, name)
        after, findings = observe(before, told)
        for finding in findings:
            if recover := recovery(finding, told.subscription, before):
                await post(services.queue, RECOVERIES, Recovery(source.name, recover))
        if after == before or await _save(services, name, after, etag):
            return
    raise Unavailable("others keep counting this subscription's events")


async def strike(services: Services, source: str, subscription: str, first: int, last: int) -> None:
    """Strike numbers that were recovered. Raises Unavailable."""
    name = counter_name(source, subscription)
    for _ in range(_ATTEMPTS):
        before, etag = await _load(services, name)
        if await _save(services, name, recovered(before, first, last), etag):
            return
    raise Unavailable("others keep counting this subscription's events")


def counter_name(source: str, subscription: str) -> str:
    """Name a subscription's counter; its own id may be a long URL."""
    return f"{source}-{identify('subscription', source, subscription)}"


async def _load(services: Services, name: str) -> tuple[Counter, str]:
    found = await services.documents.get(COUNTERS, name)
    return (_decode(found[0]), found[1]) if found else (Counter(), "")


async def _save(services: Services, name: str, counter: Counter, etag: str) -> bool:
    try:
        await services.documents.put(COUNTERS, name, _encode(counter), etag)
    except Conflict:
        return False
    return True
