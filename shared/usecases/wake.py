"""Time: what is due goes on the queue; a patient that is woken is looked at, and scheduled again if early."""

from __future__ import annotations

import asyncio

from shared.events import DefinitionsPublished, WakeupDue
from shared.ports import Wakeup
from shared.usecases.jobs import Refresh, Wake, encode_job
from shared.usecases.react import Trigger, react
from shared.usecases.services import WAKEUPS, Services

MOST = 1000
"""Wake-ups that one timer call puts on the queue; it goes on with more while there are any."""


async def queue_due(services: Services) -> int:
    """Put every wake-up that is due on the queue; how many. Raises Unavailable.

    A row is removed only after its queue message is in: a crash between leaves both, and a stale wake-up
    does nothing.
    """
    queued = 0
    while due := await services.indexes.due(services.clock.now(), MOST):
        for start in range(0, len(due), 32):
            await asyncio.gather(*(_queue(services, wakeup) for wakeup in due[start : start + 32]))
        queued += len(due)
        if len(due) < MOST:
            break
    return queued


async def _queue(services: Services, wakeup: Wakeup) -> None:
    await services.queue.send(WAKEUPS, encode_job(Wake(wakeup.key, wakeup.due)))
    await services.indexes.unschedule(wakeup)


async def wake(services: Services, job: Wake, trigger: Trigger) -> None:
    """Let time pass for one patient. Raises Unavailable."""
    reaction = await react(services, job.key, [WakeupDue(job.due)], trigger)
    due = reaction.after.next_due
    if due is not None and due == reaction.before.next_due:
        # Woken early by a clock ahead of ours, or for nothing: the row that was consumed may be the only one.
        await services.indexes.schedule(job.key, due)


async def refresh(services: Services, job: Refresh, trigger: Trigger) -> None:
    """Look at a patient afresh, and carry out what the record says is left to do. Raises Unavailable."""
    await services.definitions.current(job.catalogue)
    reaction = await react(services, job.key, [DefinitionsPublished()], trigger)
    if reaction.after.next_due is not None:
        await services.indexes.schedule(job.key, reaction.after.next_due)
