"""Polls one Storage queue and runs its function: lease, run, delete; retry; poison queue.

As the WebJobs queue listener: a batch of `batchSize` is fetched whenever no more than the threshold are
running; a failed message is visible again after `visibilityTimeout`; one that has failed `maxDequeueCount`
times goes to `<queue>-poison`. A message is leased for a while and the lease renewed as long as its function
runs, so that one whose host was killed comes back by itself.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence

import msgspec

from sandbox.functions_host.host_json import QueueSettings
from sandbox.functions_host.invoker import Invoker
from sandbox.functions_host.leases import Lease, renew_all
from sandbox.functions_host.queue_messages import body_datum, decode_text, trigger_metadata
from sandbox.functions_host.queue_ports import LeaseLost, Queue, QueueUnavailable, Received
from sandbox.functions_host.specs import FunctionSpec, QueueTrigger

_log = logging.getLogger("sandbox.functions_host")


class QueuePolicy(msgspec.Struct, frozen=True):
    """`lease` in seconds (Azure's is 600: a sandbox wants its messages back sooner), `shortest_poll` too."""

    settings: QueueSettings = QueueSettings()
    lease: int = 30
    shortest_poll: float = 0.02


class QueueListener:
    """One queue-triggered function's pump."""

    def __init__(
        self, spec: FunctionSpec, trigger: QueueTrigger, queue: Queue, poison: Queue, invoker: Invoker,
        policy: QueuePolicy,
    ) -> None:  # fmt: skip
        self.spec = spec
        self.trigger = trigger
        self._queue = queue
        self._poison = poison
        self._invoker = invoker
        self._policy = policy
        self._settings = policy.settings
        self._running: dict[asyncio.Task[None], Lease] = {}
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    def start(self) -> None:
        """Begin to poll."""
        self._tasks = [asyncio.create_task(self._poll()), asyncio.create_task(self._renew())]

    def poke(self) -> None:
        """Look at the queue now: somebody in this process has just put a message there."""
        self._wake.set()

    async def stop(self) -> None:
        """Receive no more; messages under way go on, their leases renewed."""
        self._stopping = True
        self._wake.set()
        self._room.set()
        await asyncio.gather(*self._tasks[:1], return_exceptions=True)

    def pending(self) -> set[asyncio.Task[None]]:
        """Return what is under way: messages being run or settled."""
        return set(self._running)

    async def close(self) -> None:
        """Drop what is still under way; its messages come back when their leases end."""
        pending = [*self._tasks, *self._running]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    async def _poll(self) -> None:
        pause = self._policy.shortest_poll
        while not self._stopping:
            self._wake.clear()
            if len(self._running) > self._settings.threshold:
                self._room.clear()
                await self._room.wait()
            elif await self._receive():
                pause = self._policy.shortest_poll
            else:
                await self._rest(pause)
                pause = min(pause * 2, max(self._settings.longest_poll_seconds, self._policy.shortest_poll))

    async def _rest(self, pause: float) -> None:
        """Wait a while, or until woken; the jitter keeps several pollers from marching in step."""
        try:
            await asyncio.wait_for(self._wake.wait(), pause * random.uniform(0.8, 1.2))
        except TimeoutError:
            return

    async def _receive(self) -> bool:
        try:
            batch = await self._queue.receive(self._settings.batch_size, self._policy.lease)
        except QueueUnavailable as problem:
            _log.warning("queue %s cannot be read: %s", self.trigger.queue, problem)
            return False
        if self._stopping:
            await self._hand_back(batch)
        else:
            self._start(batch)
        return bool(batch)

    async def _hand_back(self, batch: Sequence[Received]) -> None:
        """Let others see at once what came when we were told to stop."""
        for message in batch:
            try:
                await self._queue.hide(message, 0)
            except (LeaseLost, QueueUnavailable) as problem:
                _log.warning(
                    "queue %s: a message waits for its lease to end: %s", self.trigger.queue, problem
                )

    def _start(self, batch: Sequence[Received]) -> None:
        now = asyncio.get_running_loop().time()
        for message in batch:
            lease = Lease(message, now)
            task = asyncio.create_task(self._process(lease))
            self._running[task] = lease
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        if len(self._running) <= self._settings.threshold:
            self._room.set()
        if not task.cancelled() and (problem := task.exception()) is not None:
            _log.error("queue %s: a message could not be settled", self.trigger.queue, exc_info=problem)

    async def _process(self, lease: Lease) -> None:
        try:
            await self._settle(lease, await self._run(lease.message))
        except LeaseLost:
            _log.warning(
                "queue %s: a message's lease was lost; it will be delivered again", self.trigger.queue
            )
        except QueueUnavailable as problem:
            _log.warning("queue %s: a message waits for its lease to end: %s", self.trigger.queue, problem)

    async def _run(self, message: Received) -> bool | None:
        """Run the function; None if the message must not be tried (again)."""
        if message.dequeue_count > self._settings.max_dequeue_count:
            return None
        try:
            body = decode_text(message.text, self._settings.message_encoding)
        except ValueError:
            _log.error("queue %s: a message is not %s", self.trigger.queue, self._settings.message_encoding)
            return None
        value = body_datum(body, self.trigger.binary)
        return (await self._invoker.invoke(self.spec, value, trigger_metadata(message))).ok

    async def _settle(self, lease: Lease, ok: bool | None) -> None:
        message = lease.message
        async with lease.lock:
            lease.settled = True
            if ok:
                await self._queue.delete(message)
            elif ok is None or message.dequeue_count >= self._settings.max_dequeue_count:
                await self._to_poison(message)
            else:
                await self._queue.hide(message, self._settings.retry_seconds)

    async def _to_poison(self, message: Received) -> None:
        _log.error("queue %s: a message goes to the poison queue", self.trigger.queue)
        await self._poison.send(message.text)
        await self._queue.delete(message)

    async def _renew(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._policy.lease / 4)
            await renew_all(self._queue, self._running.values(), self._policy.lease, loop.time())
