"""Many receivers of one queue, as of many instances of a host: the real SDK, some on lines to be cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from azure.core.exceptions import AzureError
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import OperationTimeoutError
from bus_kit import body_of
from storage_kit import Line

from functions.listening import Delivery
from sandbox.service_bus.settings import connection_string
from shared.adapters.storage_rest import Account

type Handler = Callable[[Delivery, str], Awaitable[None]]
"""Handles a message of a session, "" where there is none. What it raises gives the message back."""

SECONDS = 0.5
"""How long a receiver waits for a session, or for the next message of one."""

_LOST = (AzureError, ValueError, AttributeError)
"""What the SDK raises when its line breaks, wherever it was: the last two, too."""


class Failed(Exception):
    """A handler could not do its work."""


class Receiver:
    """One receiver after another, on one line; `with_sessions` of whatever session has messages."""

    def __init__(self, queue: str, handle: Handler, *, with_sessions: bool) -> None:
        self._queue = queue
        self._handle = handle
        self._with_sessions = with_sessions

    async def run(self, connection: str, done: asyncio.Event) -> None:
        """Receive until all is done; begin anew whenever the line breaks."""
        while not done.is_set():
            try:
                await self._connected(connection, done)
            except _LOST:
                await asyncio.sleep(0)

    async def _connected(self, connection: str, done: asyncio.Event) -> None:
        async with ServiceBusClient.from_connection_string(connection, retry_total=0) as client:
            while not done.is_set():
                try:
                    async with self._open(client) as receiver:
                        await self._receive(receiver, done)
                except OperationTimeoutError:
                    continue  # no session has messages now

    def _open(self, client: ServiceBusClient) -> ServiceBusReceiver:
        session = NEXT_AVAILABLE_SESSION if self._with_sessions else None
        return client.get_queue_receiver(self._queue, session_id=session, max_wait_time=SECONDS)

    async def _receive(self, receiver: ServiceBusReceiver, done: asyncio.Event) -> None:
        while not done.is_set():
            some = await receiver.receive_messages(1, SECONDS)
            if not some and self._with_sessions:
                return
            for message in some:
                await self._one(receiver, message)

    async def _one(self, receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage) -> None:
        number = f"{self._queue}-{message.sequence_number}"
        count = (message.delivery_count or 0) + 1  # AMQP counts from 0, Azure's host from 1
        delivery = Delivery(self._queue, number, count, body_of(message))
        try:
            await self._handle(delivery, message.session_id or "")
        except Failed:
            await receiver.abandon_message(message)
        else:
            await receiver.complete_message(message)


class Host:
    """Receivers at work; the first of them on lines that can be cut."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.done = asyncio.Event()
        self.cuts = 0

    def cut(self, number: int) -> None:
        """Hang up on a receiver, whatever it is doing; it will come back."""
        self.lines[number % len(self.lines)].hang_up()
        self.cuts += 1


@asynccontextmanager
async def receiving(
    port: int, queue: str, handle: Handler, receivers: int, lines: int, *, with_sessions: bool
) -> AsyncIterator[Host]:
    """Have so many receivers at a queue until the block ends, so many of them on lines that can be cut."""
    host, tasks = Host(), list[asyncio.Task[None]]()
    async with AsyncExitStack() as stack:
        for number in range(receivers):
            through = port
            if number < lines:
                account = Account(f"http://127.0.0.1:{port}", "bus")
                host.lines.append(await stack.enter_async_context(Line(account).open()))
                through = host.lines[-1].port
            one = Receiver(queue, handle, with_sessions=with_sessions)
            tasks.append(asyncio.create_task(one.run(connection_string(through), host.done)))
        try:
            yield host
        finally:
            host.done.set()
            await asyncio.gather(*tasks)
