"""What is left to do: a queue carries out one patient's outbox, a timer sweeps up what nothing else did."""

from __future__ import annotations

import azure.functions as func

from functions.entries import entry
from functions.listening import Delivery, on_queue
from functions.serving import carry_out, logger
from shared.bootstrap import services
from shared.errors import Rejected
from shared.queues import OUTBOX
from shared.usecases.jobs import Job, Refresh
from shared.usecases.operations.resuming import resume_work
from shared.usecases.react import Trigger
from shared.usecases.services import Services
from shared.usecases.sweep import sweep as sweep_up
from shared.usecases.wake import refresh

blueprint = func.Blueprint()


@on_queue(blueprint, OUTBOX)
async def outbox(delivery: Delivery) -> None:
    """Look at one patient afresh, and carry out what the record says is left to do."""
    await carry_out(delivery, _refresh)


@blueprint.function_name("sweep")
@blueprint.timer_trigger("timer", "30 */15 * * * *")
@entry
async def sweep(timer: func.TimerRequest) -> None:
    """Queue every patient with work left, and long work that stands still."""
    ready = await services()
    resumed = await resume_work(ready)
    if resumed:
        logger.warning("the sweep handed out %d long works that stood still", resumed)
    found = await sweep_up(ready)
    if found:
        logger.warning("the sweep found %d patients with work left", found)


async def _refresh(ready: Services, job: Job, trigger: Trigger) -> None:
    if not isinstance(job, Refresh):
        raise Rejected("not a refresh", "bad-job")
    await refresh(ready, job, trigger)
