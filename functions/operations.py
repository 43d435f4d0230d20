"""Long work that somebody started by the admin API, and what the audit trail wants every night."""

from __future__ import annotations

from functools import partial

import azure.functions as func

from functions.entries import entry
from functions.listening import Delivery, on_queue
from functions.serving import carry_out, logger
from shared.bootstrap import exports_audit, services
from shared.errors import HearthlineError, Rejected
from shared.queues import MOST_DELIVERIES, OPERATIONS
from shared.usecases.jobs import Job, Operate
from shared.usecases.operations.kinds import does
from shared.usecases.operations.running import carry_on, give_up
from shared.usecases.react import Trigger
from shared.usecases.services import Services
from shared.usecases.trail.checkpoint import checkpoint
from shared.usecases.trail.export import start_export

blueprint = func.Blueprint()


@on_queue(blueprint, OPERATIONS)
async def operations(delivery: Delivery) -> None:
    """Go on with long work; what fails at its last delivery is poison, and its work has failed."""
    await carry_out(delivery, partial(_operate, last=delivery.count >= MOST_DELIVERIES))


async def _operate(ready: Services, job: Job, trigger: Trigger, *, last: bool) -> None:
    if not isinstance(job, Operate):
        raise Rejected("no long work", "bad-job")
    try:
        await carry_on(ready, job, does)
    except HearthlineError:
        raise
    except Exception:
        if last:
            await give_up(ready, job.operation)
        raise


@blueprint.function_name("trail")
@blueprint.timer_trigger("timer", "0 50 2 * * *")
@entry
async def trail(timer: func.TimerRequest) -> None:
    """Write down how the audit trail stands, and have what is new in it written to the FHIR server."""
    ready = await services()
    await checkpoint(ready)
    if exports_audit():
        work = await start_export(ready)
        logger.info("the audit trail is written to the FHIR server: operation %s", work.operation)
