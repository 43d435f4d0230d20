"""A run goes through its audience, by key, as fast as its pace allows: batches written down, then queued."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import batched

from msgspec.structs import replace

from shared.catalogue import Catalogue
from shared.errors import Unavailable
from shared.fhir.instants import Instant
from shared.journey.campaign import CampaignDefinition
from shared.journey.campaign_moves import RunRef
from shared.usecases.campaigns.audience import Audience, Turn, audience_of_run
from shared.usecases.campaigns.documents import Run, parked, save_run, unpark
from shared.usecases.campaigns.open import OpenInvitations
from shared.usecases.jobs import EnrolFor, encode_job
from shared.usecases.room import room_now
from shared.usecases.services import ENTRIES, Services

BATCH = 200
"""People between two writes of the run's document."""
ROUNDS = 25
"""Batches of one call of the timer: 5,000 a minute where nothing limits it."""
AT_ONCE = 16


async def walk_on(
    services: Services, catalogue: Catalogue, definition: CampaignDefinition, ref: RunRef, run: Run, etag: str
) -> int:
    """Bring in as many as may come now; how many. Raises Conflict, Unavailable, Rejected."""
    run, etag = await _unparked(services, run, etag)
    if run.pending:  # whoever wrote this down did not come to its end
        run, etag = await _hand_on(services, run, etag, again=True)
    if run.finished is not None or not _open(catalogue, definition):
        return 0
    asked, audience = 0, await audience_of_run(services, catalogue, definition, run.run)
    for _ in range(ROUNDS):
        before = run.granted.total
        run = await _further(services, definition, audience, run)
        etag = await save_run(services.documents, run, etag)
        if run.pending:
            run, etag = await _hand_on(services, run, etag, again=False)
        asked += run.granted.total - before
        if run.finished is not None or run.granted.total == before:
            break
    return asked


def _open(catalogue: Catalogue, definition: CampaignDefinition) -> bool:
    """Say whether the journey takes people in. Raises Unavailable where it never will as things stand."""
    if catalogue.journeys.stopped(definition.journey):
        raise Unavailable(f"the journey of campaign {definition.canonical} is stopped")
    return not catalogue.journeys.paused(definition.journey)


async def _further(services: Services, definition: CampaignDefinition, audience: Audience, run: Run) -> Run:
    """Return the run after its next batch, which stands in `pending`."""
    now, opened = services.clock.now(), OpenInvitations(services, definition.journey, run)
    room = await room_now(services, definition.pace, run.granted, now, opened.count, BATCH)
    if room == 0:
        used = definition.pace is not None and definition.pace.in_all
        return replace(run, finished=now) if used and run.granted.total >= used else run
    turns = await audience.page(run.cursor, BATCH)
    if not turns:
        return replace(run, finished=now)
    taken = _taken(turns, room)
    chosen = tuple(turn.key for turn in taken if not turn.why_not)
    skipped = Counter(run.skipped) + Counter(turn.why_not for turn in taken if turn.why_not)
    paced = definition.pace is not None and definition.pace.capacity is not None
    return replace(
        run,
        cursor=taken[-1].key,
        pending=chosen,
        granted=run.granted.granting(len(chosen), Instant(now)),
        unseen=(*opened.unseen, *chosen) if paced else (),
        skipped=dict(skipped),
        finished=now if taken == turns and len(turns) < BATCH else None,  # nobody is beyond them
    )


def _taken(turns: tuple[Turn, ...], room: int) -> tuple[Turn, ...]:
    """Return those whose turn it is now: as many as there is room for, and who is left out among them."""
    left = room
    for number, turn in enumerate(turns):
        if not turn.why_not:
            if left == 0:
                return turns[:number]
            left -= 1
    return turns


async def _hand_on(services: Services, run: Run, etag: str, *, again: bool) -> tuple[Run, str]:
    """Queue those who were chosen, and note that it is done."""
    await _queue(services, run.run, run.pending, again=again)
    done = replace(run, pending=())
    return done, await save_run(services.documents, done, etag)


async def _unparked(services: Services, run: Run, etag: str) -> tuple[Run, str]:
    """Queue those again whose turn came while the campaign was paused."""
    if not run.parked:
        return run, etag
    waiting = await parked(services.documents, run.run)
    await _queue(services, run.run, waiting, again=True)
    for keys in batched(waiting, AT_ONCE, strict=False):
        await asyncio.gather(*(unpark(services.documents, run.run, key) for key in keys))
    done = replace(run, parked=False)
    return done, await save_run(services.documents, done, etag)


async def _queue(services: Services, run: str, keys: tuple[str, ...], *, again: bool) -> None:
    for some in batched(keys, AT_ONCE, strict=False):
        jobs = (encode_job(EnrolFor(run, key, again)) for key in some)
        await asyncio.gather(*(services.queue.send(ENTRIES, job) for job in jobs))
