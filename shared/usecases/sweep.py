"""The safety net: patients with work left go onto the queue, and population runs that stand still go on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shared.catalogue import publication
from shared.errors import Conflict
from shared.fhir.instants import MINUTE, Instant
from shared.ports import Behind
from shared.queues import OUTBOX
from shared.usecases.jobs import Refresh
from shared.usecases.populate import resume_population
from shared.usecases.population import key_range
from shared.usecases.posting import post
from shared.usecases.publish import load_shelf
from shared.usecases.services import Services

OVERDUE = 10 * MINUTE
"""How late a due instant may be before the sweep takes it that its wake-up was lost."""

SECONDS = 240.0
"""Of real time, for which one call begins to look at further slices; what is left is for the next call."""

SLICE = 60.0
"""Seconds that slices may take which are looked at together: where they take longer, they are halved."""

AT_ONCE = 8
"""Slices that are looked at together: the table service has each range of keys on a server of its own."""

MOST = 4096
"""Slices at most."""

SWEEPS = "sweeps"
PLACE = "place"


class Place(Struct, frozen=True):
    """How far the sweep is: into how many slices the keys are cut, and which is next."""

    slices: int = 1
    next: int = 0


type Finder = Callable[[str, str, list[str]], Awaitable[None]]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Place).decode


async def sweep(
    services: Services,
    seconds: float = SECONDS,
    within: float = SLICE,
    real_time: Callable[[], float] = time.monotonic,
) -> int:
    """Queue every patient whose record says that something is left to do; how many. Raises Unavailable.

    So it does with those whom an instance committed that had not yet heard of the latest publication: the
    population run may have looked at them before. Costs a scan of the patients table, slice by slice; one
    that is too large for one call goes on with the next where this one ended. It runs seldom, as all that it
    finds has failed many times before.
    """
    await resume_population(services)
    find = await _finder(services)
    found = await services.documents.get(SWEEPS, PLACE)
    place, etag = (_decode(found[0]), found[1]) if found else (Place(), "")
    until, left, queued = real_time() + seconds, place.slices, list[str]()
    while left > 0:
        numbers = [(place.next + n) % place.slices for n in range(min(AT_ONCE, left))]
        try:
            async with asyncio.timeout(within if place.slices < MOST else None):
                await asyncio.gather(*(find(*key_range(n, place.slices), queued) for n in numbers))
        except TimeoutError:
            place, left = Place(place.slices * 2, place.next * 2), left * 2
        else:
            left -= len(numbers)
            place = replace(place, next=(place.next + len(numbers)) % place.slices)
        try:
            etag = await services.documents.put(SWEEPS, PLACE, _encode(place), etag)
        except Conflict:  # another call is at it
            break
        if real_time() >= until:
            break
    return len(queued)


async def _finder(services: Services) -> Finder:
    """Return what queues those with work left between two keys, and notes them."""
    shelf, _ = await load_shelf(services.documents)
    behind = Behind(publication(shelf.population), shelf.changed_at) if shelf.population else None
    overdue = Instant(services.clock.now() - OVERDUE)

    async def find(lower: str, upper: str, queued: list[str]) -> None:
        async for key in services.patients.pending(overdue, behind, lower, upper):
            await post(services.queue, OUTBOX, Refresh(key, shelf.population))
            queued.append(key)

    return find
