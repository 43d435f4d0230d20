"""Long work that stands still goes on: its message was lost, or whoever did it is gone. By the sweep."""

from __future__ import annotations

import time

from msgspec.structs import replace

from shared.errors import Conflict
from shared.queues import OPERATIONS
from shared.usecases.jobs import Operate
from shared.usecases.operations.running import give_up
from shared.usecases.operations.written import LongWork, load_work, page_of_work, save_work, stands_still
from shared.usecases.posting import post
from shared.usecases.services import Services

TRIES = 4
"""How often work that was begun is handed out again, before it counts as failed."""

PAGES, PAGE = 20, 50
"""Works that are looked at, the latest first, some at once as results may be large; older ones have ended."""

STOOD_STILL = "it stood still each time it was begun anew; the log may say why"


async def resume_work(services: Services, real_now: float | None = None) -> int:
    """Hand out again what stands still; how much. What does so over and over is ended. Raises Unavailable."""
    now, resumed = time.time() if real_now is None else real_now, 0
    for work in await still_work(services, now):
        if work.restarts >= TRIES and work.status == "running":
            await give_up(services, work.operation, STOOD_STILL)
        else:
            resumed += await _again(services, work, now)
    return resumed


async def still_work(services: Services, real_now: float) -> list[LongWork]:
    """Return the work that stands still. Raises Unavailable."""
    found: list[LongWork] = []
    after = ""
    for _ in range(PAGES):
        page = await page_of_work(services.documents, after, PAGE)
        found += (work for work in page if stands_still(work, real_now))
        if len(page) < PAGE:
            break
        after = page[-1].operation
    return found


async def _again(services: Services, work: LongWork, now: float) -> bool:
    """Hand it out; of two sweeps at once one does."""
    there, etag = await load_work(services.documents, work.operation)
    if there != work:
        return False
    try:
        following = replace(work, restarts=work.restarts + 1, told=now)
        await save_work(services.documents, following, etag)
    except Conflict:
        return False
    await post(services.queue, OPERATIONS, Operate(work.operation))
    return True
