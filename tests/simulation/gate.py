"""The gate: every I/O operation of every worker stands here before and after, until the scheduler opens."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass

from shared.errors import Conflict, Unavailable
from tests.simulation.loop import StepLoop

WORKER: ContextVar[int] = ContextVar("worker")
"""The number of the trigger execution that a coroutine belongs to; what it gathers inherits it."""


@dataclass(frozen=True)
class Parked:
    """One coroutine that waits to be let through."""

    worker: int
    point: str
    future: asyncio.Future[str]


class Gate:
    """Holds back coroutines until `open`; a closed world (`quiet`) lets all pass at once."""

    def __init__(self, loop: StepLoop) -> None:
        self._loop = loop
        self.parked: list[Parked] = []

    async def at(self, point: str) -> str:
        """Wait to be let through; return the fault to act out, or "". Raises Conflict, Unavailable."""
        future = self._loop.create_future()
        self.parked.append(Parked(WORKER.get(), point, future))
        fault: str = await future
        if fault == "conflict":
            raise Conflict("simulated")
        if fault == "unavailable":
            raise Unavailable("simulated")
        return fault

    def open(self, parked: Parked, fault: str) -> None:
        """Let one through."""
        self.parked.remove(parked)
        parked.future.set_result(fault)

    def drop(self, worker: int) -> None:
        """Forget a crashed worker: none of its coroutines ever goes on."""
        self.parked = [parked for parked in self.parked if parked.worker != worker]
