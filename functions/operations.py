"""Long work that somebody started by the admin API."""

from __future__ import annotations

import azure.functions as func

from functions.listening import Delivery, on_queue
from functions.serving import carry_out
from shared.errors import Rejected
from shared.queues import OPERATIONS
from shared.usecases.jobs import Job, Operate
from shared.usecases.operations.kinds import does
from shared.usecases.operations.running import carry_on
from shared.usecases.react import Trigger
from shared.usecases.services import Services

blueprint = func.Blueprint()


@on_queue(blueprint, OPERATIONS)
async def operations(delivery: Delivery) -> None:
    """Go on with long work."""
    await carry_out(delivery, _operate)


async def _operate(ready: Services, job: Job, trigger: Trigger) -> None:
    if not isinstance(job, Operate):
        raise Rejected("no long work", "bad-job")
    await carry_on(ready, job, does)
