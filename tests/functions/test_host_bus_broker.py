"""Service Bus triggers over the sandbox's broker: the real client, the real runtime, the real protocol."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusReceivedMessage
from host_support import KEYS, PATIENCE
from test_host_process import ROOT, counts, until

from sandbox.functions_host.host import FunctionsHost
from sandbox.functions_host.keys import write_keys
from sandbox.functions_host.options import HostOptions
from sandbox.service_bus.service import Running
from sandbox.service_bus.settings import Namespace, QueueSettings, connection_string
from sandbox.service_bus.threaded import serving

APP = Path(__file__).parent / "bus_app"
FUNCTIONS = ("one", "many", "ordered")
QUEUES = Namespace(
    {
        "one": QueueSettings(lock_seconds=3, max_deliveries=3, sessions=False),
        "many": QueueSettings(sessions=False),
        "ordered": QueueSettings(sessions=True),
    }
)


@pytest.fixture
def broker() -> Iterator[Running]:
    with serving(QUEUES) as running:
        yield running


def environ(connection: str, function: str) -> dict[str, str]:
    """Switch on one function only: each costs the client some links."""
    off = {f"AzureWebJobs.{each}.Disabled": "1" for each in FUNCTIONS if each != function}
    return {"BUS": connection, "AzureWebJobsStorage": "UseDevelopmentStorage=true", **off}


@asynccontextmanager
async def hosted(connection: str, function: str) -> AsyncIterator[ModuleType]:
    """Run one function of the app in this process; yields the app's module."""
    settings = environ(connection, function)
    host = FunctionsHost(HostOptions(APP, port=None, keys=KEYS, environ=settings, grace=PATIENCE))
    await host.start()
    try:
        yield sys.modules["function_app"]
    finally:
        await host.stop()


async def when(app: ModuleType, holds: Callable[[], bool]) -> None:
    """Wait until the app has seen what it is to see."""
    async with asyncio.timeout(PATIENCE):
        while not holds():
            app.changed.clear()
            await app.changed.wait()


@contextmanager
def connected(connection: str) -> Iterator[ServiceBusClient]:
    with ServiceBusClient.from_connection_string(connection, retry_total=0) as client:
        yield client


def put(connection: str, queue: str, *messages: ServiceBusMessage) -> None:
    with connected(connection) as client, client.get_queue_sender(queue) as sender:
        sender.send_messages(list(messages))


def dead(connection: str, queue: str) -> list[ServiceBusReceivedMessage]:
    with (
        connected(connection) as client,
        client.get_queue_receiver(queue, sub_queue="deadletter") as receiver,
    ):
        return receiver.receive_messages(max_wait_time=PATIENCE)


def left(connection: str, queue: str) -> list[tuple[str, int | None]]:
    """Say what is in the queue, locked or not, with its delivery count."""
    with connected(connection) as client, client.get_queue_receiver(queue) as receiver:
        return [(str(each), each.delivery_count) for each in receiver.peek_messages(100, sequence_number=1)]


async def test_a_message_comes_with_its_properties_and_is_completed(broker: Running) -> None:
    properties = {"source": "é", "number": 7}
    sent = ServiceBusMessage("é", message_id="m", application_properties=properties)
    async with hosted(broker.connection_string, "one") as app:
        await asyncio.to_thread(put, broker.connection_string, "one", sent)
        await when(app, lambda: app.seen)
        assert app.seen == [("é".encode(), "m", 1, properties)]
    assert await asyncio.to_thread(left, broker.connection_string, "one") == []


async def test_a_failing_message_is_tried_as_often_as_the_queue_says_then_dead_lettered(
    broker: Running,
) -> None:
    put(broker.connection_string, "one", ServiceBusMessage("fail", message_id="m"), ServiceBusMessage("good"))
    async with hosted(broker.connection_string, "one") as app:
        (message,) = await asyncio.to_thread(dead, broker.connection_string, "one")
        assert [each[2] for each in app.seen if each[0] == b"fail"] == [1, 2, 3]
        assert [each[2] for each in app.seen if each[0] == b"good"] == [1]
    assert (str(message), message.message_id, message.delivery_count) == ("fail", "m", 3)
    assert message.dead_letter_reason == "MaxDeliveryCountExceeded"
    assert left(broker.connection_string, "one") == []


async def test_many_come_as_lists_with_the_properties_of_each(broker: Running) -> None:
    names = [str(number) for number in range(40)]
    sent = [ServiceBusMessage(f"b{n}", message_id=n, application_properties={"n": n}) for n in names]
    put(broker.connection_string, "many", *sent)
    async with hosted(broker.connection_string, "many") as app:
        await when(app, lambda: sum(map(len, app.seen)) == len(sent))
        assert [each for batch in app.seen for each in batch] == [
            (f"b{n}".encode(), n, {"n": n}) for n in names
        ]
        assert len(app.seen) < len(sent)
    assert left(broker.connection_string, "many") == []


async def test_a_session_is_worked_through_in_order_past_a_failure(broker: Running) -> None:
    bodies = ["1", "once", "3"]
    put(
        broker.connection_string,
        "ordered",
        *(ServiceBusMessage(body, session_id=session) for body in bodies for session in "ABC"),
    )
    async with hosted(broker.connection_string, "ordered") as app:
        await when(app, lambda: len(app.seen) == 12)
        for session in "ABC":
            own = [(body, count) for name, body, count in app.seen if name == session]
            assert own == [(b"1", 1), (b"once", 1), (b"once", 2), (b"3", 1)]


async def test_a_lock_is_renewed_while_its_function_runs(broker: Running) -> None:
    put(broker.connection_string, "one", ServiceBusMessage("wait"))
    async with hosted(broker.connection_string, "one") as app:
        await when(app, lambda: app.seen)
        with connected(broker.connection_string) as client, client.get_queue_receiver("one") as other:
            assert await asyncio.to_thread(other.receive_messages, 1, 5.0) == []  # longer than the lock
        app.gate.set()
    assert [each[2] for each in app.seen] == [1]
    assert left(broker.connection_string, "one") == []


async def test_the_host_outlives_the_broker(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("sandbox.functions_host.bus_listener._REOPEN_SECONDS", 0.05)
    with serving(QUEUES) as running:
        put(running.connection_string, "one", ServiceBusMessage("wait"))
        serving_app = hosted(running.connection_string, "one")
        app = await serving_app.__aenter__()
        await when(app, lambda: app.seen)
    try:
        app.gate.set()  # it ends with nobody to tell
        with serving(QUEUES, running.port):
            put(connection_string(running.port), "one", ServiceBusMessage("after"))
            await when(app, lambda: len(app.seen) == 2)
            assert app.seen[1][0] == b"after"
            await serving_app.__aexit__(None, None, None)
            assert left(connection_string(running.port), "one") == []
    except BaseException:
        await serving_app.__aexit__(None, None, None)
        raise
    assert "a message was not settled" in caplog.text


@contextmanager
def process(connection: str, keys: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a host of its own; yields it and its address."""
    command = [sys.executable, "-m", "sandbox.functions_host", "--port", "0", "--app", APP, "--keys", keys]
    environment = os.environ | environ(connection, "one")
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as started:
        try:
            assert started.stdout is not None
            yield started, started.stdout.readline().split()[4]
        finally:
            started.kill()


def test_a_killed_hosts_message_comes_back_when_its_lock_expires(broker: Running, tmp_path: Path) -> None:
    write_keys(tmp_path / "keys.json", KEYS)
    put(broker.connection_string, "one", ServiceBusMessage("wait"))
    for tries in range(2):  # the first is killed in the middle, the second is given the message again
        with process(broker.connection_string, tmp_path / "keys.json") as (host, address):
            until(address, lambda found: counts(found, "one") == (1, 0))
            assert left(broker.connection_string, "one") == [("wait", tries)]
            host.send_signal(signal.SIGKILL)
            host.wait(PATIENCE)
