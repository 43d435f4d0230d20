"""Start long work, carry it out from the queue, tell how far it is, and end it when somebody wants that."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec.structs import replace

from shared.errors import Conflict, HearthlineError, Invalid, Rejected
from shared.queues import OPERATIONS
from shared.usecases.jobs import Operate
from shared.usecases.operations.written import LongWork, load_work, save_work, work_id
from shared.usecases.posting import post
from shared.usecases.services import Services

type Works = Callable[[Services, LongWork, Progress], Awaitable[dict[str, Any]]]
"""Does one kind of long work, from `work.place` on; what came of it. It may be begun again after a crash."""

OFTEN = 1.0
"""Seconds of real time between two looks at the document, at least."""


class Cancelled(HearthlineError):
    """Somebody wants the work to end."""


class Progress:
    """How far long work is: told as it goes on, and written down once in a while."""

    def __init__(
        self, services: Services, work: LongWork, real_time: Callable[[], float] = time.monotonic
    ) -> None:
        self._services, self.work, self._real_time = services, work, real_time
        self._looked = real_time()

    async def tell(self, done: int, of: int | None = None, phase: str = "", place: str | None = None) -> None:
        """Say how far it is; `place` is where to go on after a crash. Raises Cancelled, Unavailable."""
        self.work = replace(
            self.work,
            done=done,
            of=of if of is not None else self.work.of,
            phase=phase or self.work.phase,
            place=self.work.place if place is None else place,
        )
        if self._real_time() - self._looked >= OFTEN:
            await self.write()

    async def write(self) -> None:
        """Write it down, and hear whether somebody wants it to end. Raises Cancelled, Unavailable."""
        self._looked = self._real_time()
        self.work = await _over(self._services, self.work)
        if self.work.cancel:
            raise Cancelled("somebody cancelled it")


async def start(services: Services, kind: str, by: str, params: dict[str, Any], intent: str) -> LongWork:
    """Write long work down and put it on the queue; `intent` names what was asked for. Raises Unavailable."""
    now = services.clock.now()
    work = LongWork(work_id(now, intent), kind, by, now, params)
    try:
        await save_work(services.documents, work, "")
    except Conflict:
        work, _ = await load_work(services.documents, work.operation)
    await post(services.queue, OPERATIONS, Operate(work.operation))
    return work


async def cancel(services: Services, operation: str) -> LongWork:
    """Have long work end; what has ended stays as it is. Raises Rejected (unknown-operation), Conflict."""
    work, etag = await load_work(services.documents, operation)
    if work.ended is None:
        work = replace(work, cancel=True)
        await save_work(services.documents, work, etag)
    return work


async def carry_on(services: Services, job: Operate, does: Callable[[str], Works]) -> None:
    """Do long work to its end, from where it stood still. Raises Unavailable to be tried again.

    Work that ended stays as it is, whatever is delivered again.
    """
    work, _ = await load_work(services.documents, job.operation)
    if work.ended is not None:
        return
    progress = Progress(services, replace(work, status="running"))
    try:
        await progress.write()
        result = await does(work.kind)(services, progress.work, progress)
    except Cancelled:
        await _end(services, progress.work, status="cancelled")
    except (Rejected, Invalid) as refused:
        await _end(services, progress.work, status="failed", problem=str(refused))
    else:
        await _end(services, progress.work, status="succeeded", result=result)


async def _end(services: Services, work: LongWork, **changes: Any) -> None:
    await _over(services, replace(work, ended=services.clock.now(), phase="", **changes))


async def _over(services: Services, work: LongWork) -> LongWork:
    """Write over whatever is there; that somebody wants it to end is kept."""
    while True:
        there, etag = await load_work(services.documents, work.operation)
        written = replace(work, cancel=there.cancel or work.cancel)
        try:
            await save_work(services.documents, written, etag)
        except Conflict:
            continue
        return written
