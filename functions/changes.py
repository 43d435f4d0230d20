"""Resource changes off the queue, and the recovery of those that nobody told us of."""

from __future__ import annotations

import azure.functions as func

from functions.serving import carry_out, logger
from shared.bootstrap import services
from shared.errors import Rejected
from shared.usecases.jobs import Change, Changes, Job, Recovery, encode_job
from shared.usecases.react import Trigger
from shared.usecases.recover import reconcile, recover
from shared.usecases.services import CHANGES, RECOVERIES, Services
from shared.usecases.take_change import take_change

blueprint = func.Blueprint()


@blueprint.function_name("changes")
@blueprint.queue_trigger("message", CHANGES, "AzureWebJobsStorage")
async def changes(message: func.QueueMessage) -> None:
    """Carry one change through to everything that follows from it."""
    await carry_out(message, _change)


@blueprint.function_name("recoveries")
@blueprint.queue_trigger("message", RECOVERIES, "AzureWebJobsStorage")
async def recoveries(message: func.QueueMessage) -> None:
    """Look for what a source's notifications missed."""
    await carry_out(message, _recovery)


@blueprint.function_name("reconciliation")
@blueprint.timer_trigger("timer", "0 */5 * * * *")
async def reconciliation(timer: func.TimerRequest) -> None:
    """Search the FHIR server for changes that no notification brought."""
    logger.info("reconciliation queued %d changes", await reconcile(await services()))


async def _change(ready: Services, job: Job, trigger: Trigger) -> None:
    match job:
        case Change():
            await take_change(ready, job, trigger)
        case Changes(changes=several):
            for change in several:
                await ready.queue.send(CHANGES, encode_job(change))
        case _:
            raise Rejected("not a change", "bad-job")


async def _recovery(ready: Services, job: Job, trigger: Trigger) -> None:
    if not isinstance(job, Recovery):
        raise Rejected("not a recovery", "bad-job")
    logger.info("recovery queued %d changes", await recover(ready, job))
