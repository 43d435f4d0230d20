"""What the functions host's tests share: the fixture app, a queue in memory, a clock set by hand."""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType

from sandbox.functions_host.host import FunctionsHost
from sandbox.functions_host.keys import Keys
from sandbox.functions_host.options import HostOptions
from sandbox.functions_host.queue_ports import LeaseLost, Queue, QueueUnavailable, Received

APP = Path(__file__).parent / "fixture_app"
KEYS = Keys(master="the-master", host={"default": "the-host"}, functions={"keyed": {"own": "its-own"}})
ENVIRON = {
    "FIXTURE_QUEUE": "work",
    "FIXTURE_SCHEDULE": "0 */5 * * * *",
    "FIXTURE_BUS": "Endpoint=sb://127.0.0.1;SharedAccessKeyName=n;SharedAccessKey=k",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
}
NO_BUS = {"AzureWebJobs.bus_one.Disabled": "true", "AzureWebJobs.bus_many.Disabled": "1"}
PATIENCE = 20.0  # seconds before a test that waits for something gives up


class ManualClock:
    """A clock that stands where a test puts it; microseconds UTC."""

    def __init__(self, instant: int) -> None:
        self.instant = instant

    def now(self) -> int:
        return self.instant


class MemoryQueue:
    """A Storage queue in memory whose hidden messages come back when a test says so."""

    def __init__(self) -> None:
        self.ready: list[Received] = []
        self.hidden: dict[str, Received] = {}
        self.hides: list[tuple[str, int]] = []
        self.outages = 0
        self._changed = asyncio.Event()
        self._count = 0

    async def receive(self, count: int, lease: int) -> Sequence[Received]:
        if self.outages:
            self.outages -= 1
            raise QueueUnavailable("down")
        batch, self.ready = self.ready[:count], self.ready[count:]
        for message in batch:
            message.dequeue_count += 1
            self._lease(message)
        self._note()
        return [Received(m.id, m.text, m.dequeue_count, m.pop_receipt) for m in batch]

    async def delete(self, message: Received) -> None:
        self._own(message)
        del self.hidden[message.id]
        self._note()

    async def hide(self, message: Received, seconds: int) -> None:
        own = self._own(message)
        self.hides.append((message.id, seconds))
        if seconds == 0:
            self.ready.append(self.hidden.pop(message.id))
        self._lease(own) if seconds else None
        message.pop_receipt = own.pop_receipt
        self._note()

    async def send(self, text: str) -> None:
        self._count += 1
        self.ready.append(Received(f"m{self._count}", text, 0, ""))
        self._note()

    async def when(self, holds: Callable[[], bool]) -> None:
        """Wait until `holds()`, looking again after every operation."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    @property
    def empty(self) -> bool:
        return not self.ready and not self.hidden

    def _lease(self, message: Received) -> None:
        self._count += 1
        message.pop_receipt = f"p{self._count}"
        self.hidden[message.id] = message

    def _own(self, message: Received) -> Received:
        own = self.hidden.get(message.id)
        if own is None or own.pop_receipt != message.pop_receipt:
            raise LeaseLost("not ours")
        return own

    def _note(self) -> None:
        self._changed.set()


class MemoryQueues(defaultdict[str, MemoryQueue]):
    """Queues by name."""

    def __init__(self) -> None:
        super().__init__(MemoryQueue)

    def open(self, connection: str, name: str) -> Queue:
        return self[name]


@asynccontextmanager
async def hosted(**options: object) -> AsyncIterator[tuple[FunctionsHost, ModuleType]]:
    """Run the fixture app in this process; yields the host and the app's module."""
    chosen = {"port": None, "triggers": False, "keys": KEYS, "environ": ENVIRON, "grace": 0.2} | options
    host = FunctionsHost(HostOptions(APP, **chosen))
    await host.start()
    try:
        yield host, sys.modules["function_app"]
    finally:
        await host.stop()
