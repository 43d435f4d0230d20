"""Retention by timer, at night: what is too old goes, a bounded part of it at a time."""

from __future__ import annotations

import azure.functions as func

from functions.entries import entry
from functions.serving import kept_what_happened, logger
from shared.bootstrap import retention as periods
from shared.bootstrap import services
from shared.usecases.retention.walk import run_retention

blueprint = func.Blueprint()


@blueprint.function_name("retention")
@blueprint.timer_trigger("timer", "0 */10 1-4 * * *")
@entry
async def retention(timer: func.TimerRequest) -> None:
    """Go on with the walk over everything that is kept for a limited time."""
    ready = await services()
    gone = await run_retention(ready, periods())
    await kept_what_happened(ready)
    told = (gone.patients, gone.messages, gone.timeline, gone.engagement, gone.links, gone.documents)
    logger.info(
        "retention looked at %d patients: %d messages, %d commits, %d facts, %d links, %d documents", *told
    )
