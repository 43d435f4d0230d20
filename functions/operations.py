"""Long work that somebody started by the admin API."""

from __future__ import annotations

from functools import partial

import azure.functions as func

from functions.listening import Delivery, on_queue
from functions.serving import carry_out
from shared.errors import HearthlineError, Rejected
from shared.queues import MOST_DELIVERIES, OPERATIONS
from shared.usecases.jobs import Job, Operate
from shared.usecases.operations.kinds import does
from shared.usecases.operations.running import carry_on, give_up
from shared.usecases.react import Trigger
from shared.usecases.services import Services

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
