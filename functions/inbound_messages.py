"""What patients write back, off its queue: the use case finds whom it concerns and what it answers."""

from __future__ import annotations

import azure.functions as func

from functions.listening import Delivery, on_queue
from functions.serving import carry_out, logger
from shared.errors import Rejected
from shared.queues import INBOUND
from shared.usecases.inbound.take import take_inbound
from shared.usecases.jobs import Inbound, Job
from shared.usecases.react import Trigger
from shared.usecases.services import Services

blueprint = func.Blueprint()


@on_queue(blueprint, INBOUND)
async def inbound(delivery: Delivery) -> None:
    """Let a reply happen to everyone who was written to at that contact point."""
    await carry_out(delivery, _reply)


async def _reply(ready: Services, job: Job, trigger: Trigger) -> None:
    if not isinstance(job, Inbound):
        raise Rejected("not a reply", "bad-job")
    if not await take_inbound(ready, job, trigger):
        logger.warning("a reply came from a contact point that nobody was written to at")
