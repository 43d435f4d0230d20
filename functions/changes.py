"""Resource changes off the queue: each is carried through to everything that follows from it."""

from __future__ import annotations

import azure.functions as func

from functions.serving import carry_out
from shared.errors import Rejected
from shared.usecases.jobs import Change, Changes, Job, encode_job
from shared.usecases.react import Trigger
from shared.usecases.services import CHANGES, Services
from shared.usecases.take_change import take_change

blueprint = func.Blueprint()


@blueprint.function_name("changes")
@blueprint.queue_trigger("message", CHANGES, "AzureWebJobsStorage")
async def changes(message: func.QueueMessage) -> None:
    """Carry one change through to everything that follows from it."""
    await carry_out(message, CHANGES, _change)


async def _change(ready: Services, job: Job, trigger: Trigger) -> None:
    match job:
        case Change():
            await take_change(ready, job, trigger)
        case Changes(changes=several):
            for change in several:
                await ready.queue.send(CHANGES, encode_job(change))
        case _:
            raise Rejected("not a change", "bad-job")
