"""Receives from one Service Bus queue and runs its function: lock, run, complete or abandon.

Without sessions, messages run concurrently (`maxConcurrentCalls`); with them, in order within a session and
`maxConcurrentSessions` at a time, each kept for `sessionIdleTimeout` after its last message, as Azure's host
does. How often a message is tried is the queue's own max delivery count.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from contextlib import suppress

from sandbox.functions_host.bus_messages import many_metadata, many_value, one_metadata, one_value
from sandbox.functions_host.bus_ports import BusMessage, BusReceiver, BusSource, BusUnavailable, NoSession
from sandbox.functions_host.host_json import ServiceBusSettings
from sandbox.functions_host.invoker import Invoker
from sandbox.functions_host.specs import FunctionSpec, ServiceBusTrigger

_log = logging.getLogger("sandbox.functions_host")
_WAIT_SECONDS = 60.0
_REOPEN_SECONDS = 1.0


class Stopped(Exception):
    """The listener was told to stop while it waited for something to come."""


class BusListener:
    """One Service Bus function's pump."""

    def __init__(
        self, spec: FunctionSpec, trigger: ServiceBusTrigger, source: BusSource, invoker: Invoker,
        settings: ServiceBusSettings,
    ) -> None:  # fmt: skip
        self.spec = spec
        self.trigger = trigger
        self._source = source
        self._invoker = invoker
        self._settings = settings
        self._stopping = asyncio.Event()
        self._waiting: set[asyncio.Task[object]] = set()
        self._pumps: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to receive."""
        count = self._settings.max_concurrent_sessions if self.trigger.sessions else 1
        self._pumps = [asyncio.create_task(self._pump()) for _ in range(count)]

    async def stop(self) -> None:
        """Lock no more messages; those under way go on."""
        self._stopping.set()
        for task in self._waiting:
            task.cancel()

    def pending(self) -> set[asyncio.Task[None]]:
        """Return what is under way: pumps, each of which ends with its messages once told to stop."""
        return {task for task in self._pumps if not task.done()}

    async def close(self) -> None:
        """Break off what is under way, and hang up: the broker gives its messages out again."""
        for task in self._pumps:
            task.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        await self._source.close()

    async def _pump(self) -> None:
        with suppress(Stopped):
            while True:
                await self._turn()

    async def _turn(self) -> None:
        """Open a receiver and work with it as long as it holds."""
        try:
            await self._with_receiver(await self._unless_stopped(self._source.open()))
        except NoSession:
            return
        except BusUnavailable as problem:
            _log.warning("service bus queue %s: %s", self.trigger.queue, problem)
            await self._unless_stopped(asyncio.sleep(_REOPEN_SECONDS))

    async def _unless_stopped[T](self, coming: Coroutine[object, object, T]) -> T:
        """Wait for what may never come. Raises Stopped."""
        if self._stopping.is_set():
            coming.close()
            raise Stopped
        task = asyncio.ensure_future(coming)
        self._waiting.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            if self._stopping.is_set() and not _is_cancelled():
                raise Stopped from None
            raise
        finally:
            self._waiting.discard(task)

    async def _with_receiver(self, receiver: BusReceiver) -> None:
        try:
            if self.trigger.sessions:
                await self._drain_session(receiver)
            else:
                await self._receive(receiver)
        finally:
            await receiver.close()

    async def _drain_session(self, receiver: BusReceiver) -> None:
        """Work through one session in order, until nothing more comes."""
        count = self._settings.max_message_batch_size if self.trigger.many else 1
        idle = self._settings.idle_seconds
        while batch := await self._unless_stopped(receiver.receive(count, idle)):
            await self._process(receiver, batch)

    async def _receive(self, receiver: BusReceiver) -> None:
        """Receive as many as there is room for; a failed receive ends the receiver, not what runs."""
        running: set[asyncio.Task[None]] = set()
        limit = 1 if self.trigger.many else self._settings.max_concurrent_calls
        try:
            while not self._stopping.is_set():
                if len(running) >= limit:
                    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                running = {task for task in running if not task.done()}
                if len(running) < limit:
                    running |= await self._take(receiver, limit - len(running))
        finally:
            if running:
                await asyncio.wait(running)

    async def _take(self, receiver: BusReceiver, room: int) -> set[asyncio.Task[None]]:
        count = self._settings.max_message_batch_size if self.trigger.many else room
        batch = await self._unless_stopped(receiver.receive(count, _WAIT_SECONDS))
        groups = [batch] if self.trigger.many and batch else [[message] for message in batch]
        return {asyncio.create_task(self._process(receiver, group)) for group in groups}

    async def _process(self, receiver: BusReceiver, batch: Sequence[BusMessage]) -> None:
        binary = self.trigger.binary
        if self.trigger.many:
            value, metadata = many_value(batch, binary), many_metadata(batch)
        else:
            value, metadata = one_value(batch[0], binary), one_metadata(batch[0])
        outcome = await self._invoker.invoke(self.spec, value, metadata)
        await self._settle(receiver, batch, outcome.ok)

    async def _settle(self, receiver: BusReceiver, batch: Sequence[BusMessage], ok: bool) -> None:
        if ok and not self._settings.auto_complete_messages:
            return
        for message in batch:
            try:
                await (receiver.complete(message) if ok else receiver.abandon(message))
            except BusUnavailable as problem:
                _log.warning(
                    "service bus queue %s: a message was not settled: %s", self.trigger.queue, problem
                )


def _is_cancelled() -> bool:
    """Say whether the task that runs is to end itself, and not only what it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
