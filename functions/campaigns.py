"""Work on whole populations, by timer: reconciliation with the FHIR server; campaigns will live here."""

from __future__ import annotations

import azure.functions as func

from functions.serving import carry_out, logger
from shared.bootstrap import services
from shared.errors import Rejected
from shared.usecases.deletions import find_deletions
from shared.usecases.jobs import Job, Recovery
from shared.usecases.react import Trigger
from shared.usecases.recover import reconcile, recover
from shared.usecases.services import RECOVERIES, Services

blueprint = func.Blueprint()


@blueprint.function_name("reconciliation")
@blueprint.timer_trigger("timer", "0 */5 * * * *")
async def reconciliation(timer: func.TimerRequest) -> None:
    """Search the FHIR server for changes that no notification brought."""
    logger.info("reconciliation queued %d changes", await reconcile(await services()))


@blueprint.function_name("deletions")
@blueprint.timer_trigger("timer", "0 20 * * * *")
async def deletions(timer: func.TimerRequest) -> None:
    """Ask the FHIR server's history for deletions that no notification brought."""
    logger.info("found %d deletions", await find_deletions(await services()))


@blueprint.function_name("recoveries")
@blueprint.queue_trigger("message", RECOVERIES, "AzureWebJobsStorage")
async def recoveries(message: func.QueueMessage) -> None:
    """Look for what a source's notifications missed."""
    await carry_out(message, RECOVERIES, _recovery)


async def _recovery(ready: Services, job: Job, trigger: Trigger) -> None:
    if not isinstance(job, Recovery):
        raise Rejected("not a recovery", "bad-job")
    logger.info("recovery queued %d changes", await recover(ready, job))
