"""Resource changes off the queue: each is carried through to everything that follows from it."""

from __future__ import annotations

import azure.functions as func

from functions.listening import Delivery, on_queue
from functions.serving import carry_out
from shared.errors import Rejected
from shared.queues import CHANGES
from shared.usecases.jobs import Change, Changes, Job
from shared.usecases.posting import post
from shared.usecases.react import Trigger
from shared.usecases.services import Services
from shared.usecases.take_change import take_change

blueprint = func.Blueprint()


@on_queue(blueprint, CHANGES)
async def changes(delivery: Delivery) -> None:
    """Carry one change through to everything that follows from it."""
    await carry_out(delivery, _change)


async def _change(ready: Services, job: Job, trigger: Trigger) -> None:
    match job:
        case Change():
            await take_change(ready, job, trigger)
        case Changes(changes=several):
            for change in several:
                await post(ready.queue, CHANGES, change)
        case _:
            raise Rejected("not a change", "bad-job")
