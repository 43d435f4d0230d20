"""Analytics by timer: what has happened is folded into a sorted file a day."""

from __future__ import annotations

import azure.functions as func

from functions.entries import entry
from functions.serving import logger
from shared.bootstrap import retention as periods
from shared.bootstrap import services
from shared.usecases.analytics.fold import fold

blueprint = func.Blueprint()


@blueprint.function_name("folding")
@blueprint.timer_trigger("timer", "0 */15 * * * *")
@entry
async def folding(timer: func.TimerRequest) -> None:
    """Fold what has come, where analytics are on; by night all of it, and what is too old goes."""
    ready = await services()
    if ready.happened is not None:
        done = await fold(ready, periods())
        told = (done.days, done.lines, done.dropped, done.forgotten)
        logger.info("folded %d days of %d lines; dropped %d days, forgot %d people", *told)
