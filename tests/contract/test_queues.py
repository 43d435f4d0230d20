"""The Queue port: what is sent is what Azure's own SDK, and so the Functions host, receives."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from azure.storage.queue import BinaryBase64DecodePolicy
from azure.storage.queue.aio import QueueClient
from storage_kit import PORTS, Line, fresh, queue_service

from shared.adapters.memory import MemoryQueue
from shared.adapters.queue_rest import MAX_BODY, hidden_for
from shared.adapters.storage_rest import Account, connection_account
from shared.errors import Unavailable


@pytest.fixture
def queue_account(azurite: str) -> Account:
    """Find the queue service of the emulator."""
    return connection_account(azurite, "queue")


class Mailbox:
    """A queue under test, and what stands in it."""

    def __init__(self, queue, receive):
        self.queue = queue
        self.receive = receive

    async def send(self, body: bytes, delay: float = 0.0) -> None:
        await self.queue.send("changes", body, delay)


@pytest.fixture(params=PORTS)
async def mailbox(request):
    """Make an empty queue of each kind, read through the SDK."""
    if request.param == "memory":
        memory = MemoryQueue()

        async def take_all():
            return [memory.take("changes").body for _ in range(len(memory.queues["changes"]))]

        yield Mailbox(memory, take_all)
        return
    connection = request.getfixturevalue("azurite")
    name, account = fresh("queue"), connection_account(connection, "queue")
    policy = BinaryBase64DecodePolicy()
    reader = QueueClient.from_connection_string(connection, name, message_decode_policy=policy)

    async def receive():
        return [message.content or b"" async for message in reader.receive_messages()]

    async with queue_service(request.param, account, {"changes": name}) as queue, reader:
        await queue.create("changes")
        yield Mailbox(queue, receive)


@pytest.mark.parametrize(
    "body",
    [b"", b"text", bytes(range(256)), "Núñez <&> 日本語".encode(), b'{"a":"\\u0000"}', bytes(MAX_BODY)],
    ids=["empty", "text", "binary", "unicode", "json", "largest"],
)
async def test_a_body_arrives_as_it_was_sent(mailbox, body):
    await mailbox.send(body)
    assert await mailbox.receive() == [body]


async def test_messages_arrive_in_order_when_nothing_intervenes(mailbox):
    for number in range(5):
        await mailbox.send(str(number).encode())
    assert await mailbox.receive() == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_body_that_is_too_large_is_refused(mailbox):
    with pytest.raises(ValueError, match="at most"):
        await mailbox.send(bytes(MAX_BODY + 1))
    assert await mailbox.receive() == []


async def test_creating_a_queue_twice_is_no_fault(service, queue_account):
    async with queue_service(service, queue_account, {}) as queue:
        name = fresh("queue")
        await queue.create(name)
        await queue.create(name)
        await queue.send(name, b"x")


@pytest.mark.parametrize("delay", [30.0, 0.2, 10**9])
async def test_a_delayed_message_is_not_visible_yet(service, azurite, queue_account, delay):
    """Its expiry is never: a message waits longer than the service's own week."""
    name = fresh("queue")
    reader = QueueClient.from_connection_string(azurite, name)
    async with queue_service(service, queue_account, {}) as queue, reader:
        await queue.create(name)
        await queue.send(name, b"later", delay)
        assert [message async for message in reader.receive_messages()] == []
        assert (await reader.get_queue_properties()).approximate_message_count == 1


async def test_a_message_does_not_expire(service, azurite, queue_account):
    name = fresh("queue")
    reader = QueueClient.from_connection_string(azurite, name)
    async with queue_service(service, queue_account, {}) as queue, reader:
        await queue.create(name)
        await queue.send(name, b"x")
        [message] = [message async for message in reader.receive_messages()]
        assert message.expires_on > datetime(2100, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("delay", "seconds"), [(-1, 0), (0, 0), (0.2, 1), (1, 1), (1.5, 2), (10**9, 604_800)]
)
def test_a_delay_is_whole_seconds_and_never_too_short(delay, seconds):
    assert hidden_for(delay) == seconds


async def test_a_queue_that_is_not_there_and_a_line_that_breaks_are_unavailable(service, queue_account):
    async with Line(queue_account).open() as line, queue_service(service, line.account, {}) as queue:
        with pytest.raises(Unavailable):
            await queue.send("missing", b"x")
        name = fresh("queue")
        await queue.create(name)
        line.lose_request = True
        with pytest.raises(Unavailable):
            await queue.send(name, b"x")
        await queue.send(name, b"x")
