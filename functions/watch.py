"""Watch, by timer: how the queues stand, in numbers for alerts, and in the log where it is alarming."""

from __future__ import annotations

import azure.functions as func

from functions.entries import entry
from functions.serving import logger
from shared.bootstrap import queue_watch, services
from shared.usecases.watch import watch_queues, watch_reconciliation

blueprint = func.Blueprint()


@blueprint.function_name("watch")
@blueprint.timer_trigger("timer", "20 * * * * *")
@entry
async def watch(timer: func.TimerRequest) -> None:
    """Say how things stand; how they stood at an instant that was missed, nobody can say."""
    if timer.past_due:
        return
    await watch_reconciliation(await services())
    for sentence in await watch_queues(queue_watch()):
        logger.warning("watch: %s", sentence)
