"""The Queue port over three transports: what is sent is what Azure's own SDKs, and so the host, receive."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from azure.storage.queue import BinaryBase64DecodePolicy
from azure.storage.queue.aio import QueueClient
from bus_kit import body_of, bus_queues, closing_at_once, reading
from storage_kit import Line, fresh, queue_service

from sandbox.service_bus.service import Running
from sandbox.service_bus.settings import connection_string, namespace
from sandbox.service_bus.threaded import serving
from shared.adapters.memory import MemoryQueue
from shared.adapters.queue_rest import MAX_BODY, hidden_for
from shared.adapters.storage_rest import Account, connection_account
from shared.errors import Unavailable
from shared.ports import Queue

pytestmark = [
    # when its line breaks, the Service Bus SDK leaves the socket to the garbage collector
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:loop is closed:ResourceWarning"),
]

BUSES = {"bus": "wakeups", "bus-sessions": "changes"}
"""A queue of Service Bus of each kind: without sessions, and with them."""

OUTSIDE = ("rest", "sdk", *BUSES)
"""The transports that there is a line to."""


@pytest.fixture
def queue_account(azurite: str) -> Account:
    """Find the queue service of the emulator."""
    return connection_account(azurite, "queue")


@pytest.fixture
def broker() -> Iterator[Running]:
    """Serve the product's own namespace."""
    with serving(namespace()) as running, closing_at_once():
        yield running


class Mailbox:
    """One queue under test, and what stands in it."""

    def __init__(
        self,
        queue: Queue,
        name: str,
        receive: Callable[[], Awaitable[list[bytes]]],
        waiting: Callable[[], Awaitable[int]] | None = None,
        session: str = "",
    ) -> None:
        self.receive = receive
        self.waiting = waiting
        self._queue = queue
        self._name = name
        self._session = session

    async def send(self, body: bytes, delay: float = 0.0) -> None:
        await self._queue.send(self._name, body, delay, session=self._session)

    async def send_elsewhere(self, body: bytes) -> None:
        await self._queue.send("missing", body)


@asynccontextmanager
async def _in_memory() -> AsyncIterator[Mailbox]:
    memory = MemoryQueue()

    async def take_all() -> list[bytes]:
        return [memory.take("wakeups").body for _ in range(len(memory.queues["wakeups"]))]

    yield Mailbox(memory, "wakeups", take_all)


@asynccontextmanager
async def _in_storage(kind: str, connection: str, through: Account) -> AsyncIterator[Mailbox]:
    """Make a queue of its own, sent to `through` an account and read by the SDK."""
    name, policy = fresh("queue"), BinaryBase64DecodePolicy()
    reader = QueueClient.from_connection_string(connection, name, message_decode_policy=policy)

    async def receive() -> list[bytes]:
        return [message.content or b"" async for message in reader.receive_messages()]

    async def waiting() -> int:
        return (await reader.get_queue_properties()).approximate_message_count

    async with queue_service(kind, through, {"wakeups": name}) as queue, reader:
        await queue.create("wakeups")
        yield Mailbox(queue, "wakeups", receive, waiting)


@asynccontextmanager
async def _on_the_bus(kind: str, connection: str, through: str) -> AsyncIterator[Mailbox]:
    """Take a queue, or a session of one, sent to `through` a line and read by the SDK."""
    name, session = BUSES[kind], fresh("session") if kind == "bus-sessions" else ""
    async with bus_queues(through) as queue, reading(connection, name, session or None) as reader:

        async def receive() -> list[bytes]:
            return [body_of(message) for message in await reader.take()]

        async def waiting() -> int:
            return len(await reader.peek())

        yield Mailbox(queue, name, receive, waiting, session)


@pytest.fixture(params=("memory", *OUTSIDE))
async def mailbox(request: pytest.FixtureRequest) -> AsyncIterator[Mailbox]:
    """Give a queue of each kind."""
    kind = request.param
    if kind == "memory":
        opening = _in_memory()
    elif kind in BUSES:
        connection = request.getfixturevalue("broker").connection_string
        opening = _on_the_bus(kind, connection, connection)
    else:
        azurite = request.getfixturevalue("azurite")
        opening = _in_storage(kind, azurite, connection_account(azurite, "queue"))
    async with opening as opened:
        yield opened


@pytest.fixture(params=OUTSIDE)
async def line_and_mailbox(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Line, Mailbox]]:
    """Give a queue of each kind, sent to through a line that can fail."""
    kind = request.param
    if kind in BUSES:
        running = request.getfixturevalue("broker")
        async with Line(Account(f"http://127.0.0.1:{running.port}", "bus")).open() as line:
            through = connection_string(line.port)
            async with _on_the_bus(kind, running.connection_string, through) as opened:
                yield line, opened
        gc.collect()  # here, where it is known why
        return
    azurite = request.getfixturevalue("azurite")
    async with (
        Line(connection_account(azurite, "queue")).open() as line,
        _in_storage(kind, azurite, line.account) as opened,
    ):
        yield line, opened


@pytest.mark.parametrize(
    "body",
    [b"", b"text", bytes(range(256)), "Núñez <&> 日本語".encode(), b'{"a":"\\u0000"}', bytes(MAX_BODY)],
    ids=["empty", "text", "binary", "unicode", "json", "largest"],
)
async def test_a_body_arrives_as_it_was_sent(mailbox: Mailbox, body: bytes) -> None:
    await mailbox.send(body)
    assert await mailbox.receive() == [body]


async def test_messages_arrive_in_order_when_nothing_intervenes(mailbox: Mailbox) -> None:
    for number in range(5):
        await mailbox.send(str(number).encode())
    assert await mailbox.receive() == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_body_that_is_too_large_is_refused(mailbox: Mailbox) -> None:
    with pytest.raises(ValueError, match="at most"):
        await mailbox.send(bytes(MAX_BODY + 1))
    assert await mailbox.receive() == []


@pytest.mark.parametrize("delay", [30.0, 0.2, 10**9])
async def test_a_delayed_message_is_not_visible_yet(
    line_and_mailbox: tuple[Line, Mailbox], delay: float
) -> None:
    """It stands there all the same; 30 s, a moment, or longer than any transport allows."""
    _, mailbox = line_and_mailbox
    await mailbox.send(b"later", delay)
    assert await mailbox.receive() == []
    assert mailbox.waiting is not None
    assert await mailbox.waiting() == 1


async def test_a_line_that_is_down_is_unavailable_and_serves_again_once_it_is_up(
    line_and_mailbox: tuple[Line, Mailbox],
) -> None:
    line, mailbox = line_and_mailbox
    await mailbox.send(b"before")
    line.cut()
    with pytest.raises(Unavailable):
        await mailbox.send(b"lost")
    await line.mend()
    await mailbox.send(b"after")
    assert await mailbox.receive() == [b"before", b"after"]


async def test_a_queue_that_is_not_there_is_unavailable(line_and_mailbox: tuple[Line, Mailbox]) -> None:
    _, mailbox = line_and_mailbox
    with pytest.raises(Unavailable):
        await mailbox.send_elsewhere(b"x")
    await mailbox.send(b"x")


async def test_creating_a_queue_twice_is_no_fault(service: str, queue_account: Account) -> None:
    async with queue_service(service, queue_account, {}) as queue:
        name = fresh("queue")
        await queue.create(name)
        await queue.create(name)
        await queue.send(name, b"x")


async def test_a_message_does_not_expire(service: str, azurite: str, queue_account: Account) -> None:
    """Left alone, Storage drops what waits for a week; Service Bus by the queue's own setting, never."""
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
def test_a_delay_is_whole_seconds_and_never_too_short(delay: float, seconds: int) -> None:
    assert hidden_for(delay) == seconds


async def test_a_request_that_is_lost_once_is_unavailable_in_storage(
    service: str, queue_account: Account
) -> None:
    async with Line(queue_account).open() as line, queue_service(service, line.account, {}) as queue:
        name = fresh("queue")
        await queue.create(name)
        line.lose_request = True
        with pytest.raises(Unavailable):
            await queue.send(name, b"x")
        await queue.send(name, b"x")
