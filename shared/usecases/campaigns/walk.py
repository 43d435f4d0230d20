"""A run goes through its audience, by key, as fast as its pace allows: batches written down, then queued."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import batched

from msgspec.structs import replace

from shared.catalogue import Catalogue
from shared.errors import Unavailable
from shared.journey.campaign import CampaignDefinition
from shared.journey.campaign_moves import RunRef
from shared.queues import ENTRIES
from shared.usecases.campaigns.audience import Audience, audience_of_run
from shared.usecases.campaigns.documents import Run, parked, save_run, unpark
from shared.usecases.campaigns.judge import Judge
from shared.usecases.campaigns.open import OpenInvitations
from shared.usecases.jobs import EnrolFor
from shared.usecases.posting import post
from shared.usecases.room import room_now
from shared.usecases.services import Services

BATCH = 200
"""People between two writes of the run's document."""
ROUNDS = 25
"""Batches of one call of the timer: 5,000 a minute where nothing limits it."""
LEAST = 20
"""People who are looked at to let in even one."""
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
    asked = 0
    audience = await audience_of_run(services, catalogue, definition, run.run)
    judge = Judge(services, catalogue, definition, ref)
    for _ in range(ROUNDS):
        following = await _further(services, definition, audience, judge, run)
        moved = following.cursor != run.cursor or following.finished is not None
        asked += following.granted.total - run.granted.total
        run = following
        if not moved:
            break
        etag = await save_run(services.documents, run, etag)
        if run.pending:
            run, etag = await _hand_on(services, run, etag, again=False)
        if run.finished is not None:
            break
    return asked


def _open(catalogue: Catalogue, definition: CampaignDefinition) -> bool:
    """Say whether the journey takes people in. Raises Unavailable where it never will as things stand."""
    if catalogue.journeys.stopped(definition.journey):
        raise Unavailable(f"the journey of campaign {definition.canonical} is stopped")
    return not catalogue.journeys.paused(definition.journey)


async def _further(
    services: Services, definition: CampaignDefinition, audience: Audience, judge: Judge, run: Run
) -> Run:
    """Return the run after its next batch, which stands in `pending`; the same run where there is no room."""
    now, opened = services.clock.now(), OpenInvitations(services, definition.journey, run)
    room = await room_now(services, definition.pace, run.granted, now, opened.count, BATCH)
    if room == 0:
        used = definition.pace is not None and definition.pace.in_all
        return replace(run, finished=now) if used and run.granted.total >= used else run
    size = min(BATCH, max(room, LEAST))
    turns = await audience.page(run.cursor, size)
    if not turns:
        return replace(run, finished=now)
    taken = await judge.taken(turns, room)
    chosen = tuple(turn.key for turn in taken if not turn.why_not)
    skipped = Counter(run.skipped) + Counter(turn.why_not for turn in taken if turn.why_not)
    paced = definition.pace is not None and definition.pace.capacity is not None
    return replace(
        run,
        cursor=taken[-1].key,
        pending=chosen,
        granted=run.granted.granting(len(chosen), now),
        unseen=(*opened.unseen, *chosen) if paced else (),
        skipped=dict(skipped),
        finished=now if len(taken) == len(turns) < size else None,  # nobody is beyond them
    )


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
        jobs = (EnrolFor(run, key, again) for key in some)
        await asyncio.gather(*(post(services.queue, ENTRIES, job) for job in jobs))
