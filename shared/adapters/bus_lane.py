"""One queue's sender on Service Bus: what is sent at once goes as one batch, one batch after another.

The SDK's sender must not be used by two tasks at once (github.com/Azure/azure-sdk-for-python/issues/36334),
and a batch costs the client and the service one round trip, whatever is in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from shared.errors import Unavailable

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusMessage
    from azure.servicebus.aio import ServiceBusSender

SECONDS = 20.0
"""How long a batch may take, opening the line included."""

MOST = 100
"""Messages of one batch."""

LARGEST = 192 * 1024
"""Bytes of their bodies: the standard tier takes 256 KB with all that goes along.

https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas
"""

BUSY = 10.0
"""Seconds after which a namespace that throttles may be asked again.

https://learn.microsoft.com/azure/service-bus-messaging/service-bus-throttling
"""

_HANG_UP = 2.0  # seconds for the goodbyes of a line that failed


class _Batch:
    """Messages that go together, and the task that sends them."""

    def __init__(self) -> None:
        self.messages: list[ServiceBusMessage] = []
        self.size = 0
        self.sending: asyncio.Task[None] | None = None

    def has_room(self, size: int) -> bool:
        """Say whether a body goes in."""
        return not self.messages or (len(self.messages) < MOST and self.size + size <= LARGEST)


class Lane:
    """Sends to one queue; the sender is kept open, and opened anew after a failure."""

    def __init__(self, queue: str, open_sender: Callable[[], ServiceBusSender]) -> None:
        self._queue = queue
        self._open_sender = open_sender
        self._sender: ServiceBusSender | None = None
        self._turn = asyncio.Lock()
        self._next: _Batch | None = None

    async def send(self, message: ServiceBusMessage, size: int) -> None:
        """Send a message with a body of `size` bytes; the queue has it then.

        Raises Unavailable: perhaps it has it nevertheless. Whoever stops waiting does not stop the sending.
        """
        batch = self._next
        if batch is None or not batch.has_room(size):
            batch = self._next = _Batch()
        batch.messages.append(message)
        batch.size += size
        if batch.sending is None:
            batch.sending = asyncio.create_task(self._send(batch))
        await asyncio.shield(batch.sending)

    async def reach(self) -> None:
        """Open the line where it is not open, and send nothing. Raises Unavailable."""
        async with self._turn:
            await self._do(lambda sender: sender.create_message_batch())  # asks how large one may be

    async def close(self) -> None:
        """Hang up, after what waits is sent."""
        async with self._turn:
            if self._sender is not None:
                await _hang_up(self._sender)

    async def _send(self, batch: _Batch) -> None:
        async with self._turn:
            if self._next is batch:
                self._next = None
            kept = self._sender is not None
            try:
                await self._try(batch.messages)
            except Unavailable as failed:
                if not kept or failed.retry_after is not None:
                    raise
                await self._try(batch.messages)  # a line that stood idle may be gone: the service ends it

    async def _try(self, messages: list[ServiceBusMessage]) -> None:
        """Send once."""
        sent = messages if len(messages) > 1 else messages[0]
        await self._do(lambda sender: sender.send_messages(sent))

    async def _do(self, act: Callable[[ServiceBusSender], Awaitable[object]]) -> None:
        """Use the sender once, and be done with one that fails: it may be in any state."""
        from azure.core.exceptions import AzureError

        sender, self._sender = self._sender or self._open_sender(), None
        try:
            async with asyncio.timeout(SECONDS):
                await act(sender)
        except (AzureError, TimeoutError, OSError) as failed:
            await _hang_up(sender)
            raise self._unavailable(failed) from None  # its text can name the namespace: the kind says enough
        self._sender = sender

    def _unavailable(self, failed: Exception) -> Unavailable:
        from azure.servicebus.exceptions import MessagingEntityNotFoundError, ServiceBusServerBusyError

        if isinstance(failed, MessagingEntityNotFoundError):
            return Unavailable(f"Service Bus has no queue {self._queue}: the deployment makes them")
        busy = BUSY if isinstance(failed, ServiceBusServerBusyError) else None
        return Unavailable(f"Service Bus took nothing for {self._queue} ({type(failed).__name__})", busy)


async def _hang_up(sender: ServiceBusSender) -> None:
    from azure.core.exceptions import AzureError

    with suppress(AzureError, TimeoutError, OSError):
        async with asyncio.timeout(_HANG_UP):
            await sender.close()
