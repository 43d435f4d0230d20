"""Time: what is due goes on the queue; a patient that is woken is looked at, and scheduled again if early.

Few wake-ups go one to a message, so that they spread over instances at once; many go in batches, which
makes a wake-up cheap when a hundred thousand are due in one minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import batched

from shared.errors import Unavailable
from shared.events import DefinitionsPublished, WakeupDue
from shared.ports import Wakeup
from shared.queues import WAKEUPS
from shared.usecases.jobs import Job, Refresh, Wake, WakeMany
from shared.usecases.posting import post
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services

MOST = 500
"""Wake-ups that are read at once of each partition; one timer call goes on while there are more."""

BATCH = 50
"""Patients to a message, where many are due."""

FEW = 100
"""Up to so many wake-ups go one to a message."""

AT_ONCE = 8
"""Patients of one message that are looked at at the same time; an instance takes several messages."""

TRIES = 4
"""Deliveries of a message for the sake of what is outside; fewer than put it back (functions/serving.py)."""


async def queue_due(services: Services) -> int:
    """Put every wake-up that is due on the queue; how many. Raises Unavailable.

    A row is removed only after its queue message is in: a crash between leaves both, and a stale wake-up
    does nothing.
    """
    queued = 0
    while due := await services.indexes.due(services.clock.now(), MOST):
        size = 1 if len(due) <= FEW else BATCH
        parts = tuple(batched(due, size, strict=False))
        for some in batched(parts, 32, strict=False):
            await asyncio.gather(*(post(services.queue, WAKEUPS, _job(part)) for part in some))
            await services.indexes.unschedule([wakeup for part in some for wakeup in part])
        queued += len(due)
        if len(due) <= FEW:
            break
    return queued


def _job(wakeups: Sequence[Wakeup]) -> Job:
    wakes = tuple(Wake(wakeup.key, wakeup.due) for wakeup in wakeups)
    return wakes[0] if len(wakes) == 1 else WakeMany(wakes)


async def wake(services: Services, job: Wake, trigger: Trigger) -> None:
    """Let time pass for one patient. Raises Unavailable."""
    reaction = await react(services, job.key, [WakeupDue(job.due)], trigger)
    due = reaction.after.next_due
    if due is not None and due == reaction.before.next_due:
        # Woken early by a clock ahead of ours, or for nothing: the row that was consumed may be the only one.
        await services.indexes.schedule(job.key, due)


async def wake_many(services: Services, job: WakeMany, trigger: Trigger) -> None:
    """Let time pass for several patients. Raises Unavailable.

    With whom it fails gets a message of their own, as a single one: what is wrong with one patient is not
    the others' poison.
    """
    waiting = iter(job.wakes)
    failed: list[Wake] = []

    async def one_by_one() -> None:
        for one in waiting:
            try:
                await wake(services, one, trigger)
            except Exception:  # whatever it is will be raised again, by the message of its own
                failed.append(one)

    await asyncio.gather(*(one_by_one() for _ in range(AT_ONCE)))
    await asyncio.gather(*(post(services.queue, WAKEUPS, one) for one in failed))


async def refresh(services: Services, job: Refresh, trigger: Trigger) -> None:
    """Look at a patient afresh, and carry out what the record says is left to do. Raises Unavailable.

    What waits for a system outside is tried a few times by the queue, then whenever the sweep comes by.
    """
    await services.definitions.current(job.catalogue)
    reaction = await react(services, job.key, [DefinitionsPublished()], trigger, retrying=True)
    if reaction.after.next_due is not None:
        await services.indexes.schedule(job.key, reaction.after.next_due)
    if reaction.waiting and trigger.delivery < TRIES:
        raise Unavailable(reaction.waiting)
