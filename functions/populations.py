"""After a publication: a queue carries the shards of the population; more instances, more at once."""

from __future__ import annotations

import azure.functions as func

from functions.listening import Delivery, on_queue
from functions.serving import carry_out
from shared.errors import Rejected
from shared.queues import POPULATIONS
from shared.usecases.jobs import Job, Populate
from shared.usecases.populate import populate
from shared.usecases.react import Trigger
from shared.usecases.services import Services

blueprint = func.Blueprint()


@on_queue(blueprint, POPULATIONS)
async def populations(delivery: Delivery) -> None:
    """Look at the patients of one shard for a while."""
    await carry_out(delivery, _populate)


async def _populate(ready: Services, job: Job, trigger: Trigger) -> None:
    if not isinstance(job, Populate):
        raise Rejected("not a shard of a population", "bad-job")
    await populate(ready, job, trigger)
