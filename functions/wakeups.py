"""Time: a timer puts what is due on the queue; the queue wakes one patient at a time."""

from __future__ import annotations

import azure.functions as func

from functions.entries import entry
from functions.listening import Delivery, on_queue
from functions.serving import carry_out, logger
from shared.bootstrap import services
from shared.errors import Rejected
from shared.queues import WAKEUPS
from shared.usecases.jobs import Job, Wake, WakeMany
from shared.usecases.react import Trigger
from shared.usecases.services import Services
from shared.usecases.wake import queue_due, wake, wake_many

blueprint = func.Blueprint()


@blueprint.function_name("due")
@blueprint.timer_trigger("timer", "*/10 * * * * *")
@entry
async def due(timer: func.TimerRequest) -> None:
    """Put every wake-up that is due on the queue."""
    queued = await queue_due(await services())
    if queued:
        logger.info("queued %d wake-ups", queued)


@on_queue(blueprint, WAKEUPS)
async def wakeups(delivery: Delivery) -> None:
    """Let time pass for one patient."""
    await carry_out(delivery, _wake)


async def _wake(ready: Services, job: Job, trigger: Trigger) -> None:
    match job:
        case Wake():
            await wake(ready, job, trigger)
        case WakeMany():
            await wake_many(ready, job, trigger)
        case _:
            raise Rejected("not a wake-up", "bad-job")
