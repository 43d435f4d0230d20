"""What the tests of Service Bus share: a real client that closes without delay, our adapter, a reader."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessageState, ServiceBusReceivedMessage
from azure.servicebus._pyamqp.aio._client_async import AMQPClientAsync
from azure.servicebus._pyamqp.client import AMQPClient
from azure.servicebus.aio import ServiceBusClient as AsyncClient
from azure.servicebus.aio import ServiceBusReceiver

from sandbox.service_bus.service import Running
from shared.adapters.bus_queues import BusQueues, open_bus
from shared.config import Settings, settings

PATIENCE = 10.0  # seconds to wait for what comes; the client returns as soon as it is there


@contextmanager
def connected(running: Running) -> Iterator[ServiceBusClient]:
    """Connect once, without the keep-alive thread: each link waits a second for its end when it closes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AMQPClient, "_keep_alive", lambda _client: None)
        with ServiceBusClient.from_connection_string(running.connection_string, retry_total=0) as client:
            yield client


@contextmanager
def closing_at_once() -> Iterator[None]:
    """Do without the keep-alive task of asynchronous clients: each link waits a second for its end."""

    async def nothing(_client: AMQPClientAsync) -> None:
        return

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AMQPClientAsync, "_keep_alive_async", nothing)
        yield


def bus_settings(connection: str) -> Settings:
    """Return settings by which queues are of Service Bus."""
    return settings(
        {
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
            "HEARTHLINE_TRANSPORT": "servicebus",
            "HEARTHLINE_BUS": connection,
            "HEARTHLINE_FHIR_URL": "http://127.0.0.1:9/fhir",
        }
    )


@asynccontextmanager
async def bus_queues(connection: str) -> AsyncIterator[BusQueues]:
    """Open our adapter."""

    def no_identity() -> object:
        raise AssertionError("a connection string needs no identity")

    queues = open_bus(bus_settings(connection), no_identity)
    try:
        yield queues
    finally:
        await queues.close()


class Reader:
    """Looks into one queue, or one session of it, and takes out what can be had now."""

    def __init__(self, receiver: ServiceBusReceiver) -> None:
        self._receiver = receiver

    async def peek(self) -> list[ServiceBusReceivedMessage]:
        """Return all that stands there, scheduled messages too."""
        return await self._receiver.peek_messages(max_message_count=250, sequence_number=1)

    async def take(self) -> list[ServiceBusReceivedMessage]:
        """Take out what is not scheduled for later, in the order in which it is handed out."""
        ready = sum(one.state is ServiceBusMessageState.ACTIVE for one in await self.peek())
        taken: list[ServiceBusReceivedMessage] = []
        while len(taken) < ready:
            some = await self._receiver.receive_messages(ready - len(taken), PATIENCE)
            assert some, "what stands in the queue is not handed out"
            for message in some:
                await self._receiver.complete_message(message)
            taken += some
        return taken

    async def wait(self, count: int = 1) -> list[ServiceBusReceivedMessage]:
        """Wait for some messages, and take them out."""
        some = await self._receiver.receive_messages(count, PATIENCE)
        for message in some:
            await self._receiver.complete_message(message)
        return some


@asynccontextmanager
async def reading(connection: str, queue: str, session: str | None = None) -> AsyncIterator[Reader]:
    """Open a reader."""
    async with (
        AsyncClient.from_connection_string(connection, retry_total=0) as client,
        client.get_queue_receiver(queue, session_id=session) as receiver,
    ):
        yield Reader(receiver)


def body_of(message: ServiceBusReceivedMessage) -> bytes:
    """Return the bytes that were sent."""
    return b"".join(message.body)
