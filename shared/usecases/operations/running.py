"""Start long work, carry it out from the queue, tell how far it is, and end it when somebody wants that."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from shared.errors import Conflict, HearthlineError, Invalid, Rejected
from shared.fhir.instants import Instant
from shared.queues import OPERATIONS
from shared.usecases.jobs import Operate
from shared.usecases.operations.written import LongWork, load_work, save_work, work_id
from shared.usecases.posting import post
from shared.usecases.services import Services

type Works = Callable[[Services, LongWork, Progress], Awaitable[dict[str, Any]]]
"""Does one kind of long work, from `work.place` on; what came of it. It may be begun again after a crash."""

OFTEN = 1.0
"""Seconds of real time between two looks at the document, at least."""

LONGEST = 240.0
"""Seconds of real time after which work with a place goes on in another message: functions are stopped."""

GIVEN_UP = "it failed each time it was tried; `hearthline poison show operations` and the log say more"


class Cancelled(HearthlineError):
    """Somebody wants the work to end."""


class Superseded(HearthlineError):
    """Somebody else began to do it since."""


class HandedOn(HearthlineError):
    """It has a place, and has gone on for long enough: the next message goes on from there."""


class Progress:
    """How far long work is: told as it goes on, and written down once in a while."""

    def __init__(
        self, services: Services, work: LongWork, real_time: Callable[[], float] = time.monotonic
    ) -> None:
        self._services, self.work, self._real_time = services, work, real_time
        self._begun = self._looked = real_time()
        self._from = work.place

    async def tell(self, done: int, of: int | None = None, phase: str = "", place: str | None = None) -> None:
        """Say how far it is; `place` is where to go on after a crash.

        Raises Cancelled, Superseded and HandedOn, which are for `carry_on` alone; Unavailable.
        """
        self.work = replace(
            self.work,
            done=done,
            of=of if of is not None else self.work.of,
            phase=phase or self.work.phase,
            place=self.work.place if place is None else place,
        )
        if self._real_time() - self._looked >= OFTEN:
            await self.write()
            if self.work.place != self._from and self._real_time() - self._begun >= LONGEST:
                raise HandedOn("another message goes on with it")

    async def write(self) -> None:
        """Write it down, and hear whether it is to end. Raises Cancelled, Superseded, Unavailable."""
        self._looked = self._real_time()
        self.work = await _over(self._services, self.work)
        if self.work.cancel:
            raise Cancelled("somebody cancelled it")


async def start(
    services: Services, kind: str, by: str, params: dict[str, Any], intent: str, at: Instant | None = None
) -> LongWork:
    """Write long work down and put it on the queue. Raises Unavailable.

    `intent` names what was asked for, and `at` when: what both name again is the same work.
    """
    now = services.clock.now() if at is None else at
    work = LongWork(work_id(now, intent), kind, by, now, params, told=time.time())
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

    Work that ended stays as it is, whatever is delivered again. Of two that do it at once, as a message was
    delivered twice, the one that began first stops.
    """
    work = await _begun(services, job.operation)
    if work is None:
        return
    progress = Progress(services, work)
    try:
        if work.cancel:
            raise Cancelled("somebody cancelled it")
        result = await does(work.kind)(services, work, progress)
        await _end(services, progress.work, status="succeeded", result=result)
    except Superseded:
        return
    except HandedOn:
        await post(services.queue, OPERATIONS, job)
    except Cancelled:
        await _end(services, progress.work, status="cancelled")
    except (Rejected, Invalid) as refused:
        await _end(services, progress.work, status="failed", problem=str(refused))


async def give_up(services: Services, operation: str, problem: str = GIVEN_UP) -> None:
    """End work that nobody will do any more. Raises Unavailable."""
    work, _ = await load_work(services.documents, operation)
    if work.ended is None:
        with suppress(Superseded):  # it has just ended, or somebody does it after all
            await _end(services, work, status="failed", problem=problem)


async def _begun(services: Services, operation: str) -> LongWork | None:
    """Begin a turn of it, unless it has ended. Raises Rejected (unknown-operation), Unavailable."""
    while True:
        work, etag = await load_work(services.documents, operation)
        if work.ended is not None:
            return None
        work = replace(work, status="running", turn=work.turn + 1, told=time.time())
        try:
            await save_work(services.documents, work, etag)
        except Conflict:
            continue
        return work


async def _end(services: Services, work: LongWork, **changes: Any) -> None:
    await _over(services, replace(work, ended=services.clock.now(), phase="", **changes))


async def _over(services: Services, work: LongWork) -> LongWork:
    """Write over what this turn wrote; that somebody wants it to end is kept. Raises Superseded."""
    while True:
        there, etag = await load_work(services.documents, work.operation)
        if there.turn != work.turn or there.ended is not None:
            raise Superseded("somebody else does it")
        cancelled = there.cancel or work.cancel
        written = replace(work, cancel=cancelled, restarts=there.restarts, told=time.time())
        try:
            await save_work(services.documents, written, etag)
        except Conflict:
            continue
        return written
