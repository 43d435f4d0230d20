"""The broker as a process: it says where it serves, stops when told, and is clear about what is wrong."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import MessagingEntityNotFoundError

from sandbox.service_bus.settings import QueueSettings, connection_string, parse_queues

PATIENCE = 20.0


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.service_bus", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def ready(process: asyncio.subprocess.Process) -> str:
    """Wait for the ready line and return the connection string that it ends with."""
    assert process.stdout is not None
    words = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode().split()
    assert words[:-1] == ["Service", "Bus", "sandbox", "at"]
    return words[-1]


async def ends(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    """Wait for the end: the exit status, and what it said of errors."""
    _, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    return process.returncode, errors.decode()


async def test_it_serves_its_queues_until_told_to_stop() -> None:
    process = await start("--port", "0", "--queues", "work:lock=7,changes:sessions")
    connection = await ready(process)
    async with ServiceBusClient.from_connection_string(connection, retry_total=0) as client:
        async with client.get_queue_sender("work") as sender:
            await sender.send_messages(ServiceBusMessage("a"))
        async with client.get_queue_receiver("work") as receiver:
            (message,) = await receiver.receive_messages(max_wait_time=PATIENCE)
            assert str(message) == "a"
            process.send_signal(signal.SIGTERM)  # an open receiver does not hold it up
            assert await ends(process) == (0, "")


async def test_a_queue_that_is_not_named_is_not_there() -> None:
    process = await start("--port", "0", "--queues", "work")
    connection = await ready(process)
    async with ServiceBusClient.from_connection_string(connection, retry_total=0) as client:
        with pytest.raises(MessagingEntityNotFoundError):
            async with client.get_queue_receiver("wrok") as receiver:
                await receiver.receive_messages(max_wait_time=PATIENCE)
    process.send_signal(signal.SIGINT)
    assert await ends(process) == (0, "")


async def test_rubbish_on_one_connection_leaves_the_others_alone() -> None:
    process = await start("--port", "0")
    connection = await ready(process)
    port = int(connection.split(";")[0].rpartition(":")[2])
    for rubbish in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"AMQP\x00\x01\x00\x00" + b"\xff" * 4096,
        b"AMQP\x03\x01\x00\x00\x00",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(rubbish)
        writer.write_eof()
        await asyncio.wait_for(reader.read(), PATIENCE)
        writer.close()
    async with (
        ServiceBusClient.from_connection_string(connection, retry_total=0) as client,
        client.get_queue_sender("q") as sender,
    ):
        await sender.send_messages(ServiceBusMessage("still there"))
    process.send_signal(signal.SIGTERM)
    assert await ends(process) == (0, "")


async def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        process = await start("--port", str(port))
        said = f"sandbox.service_bus: port {port} is taken; choose another with --port\n"
        assert await ends(process) == (2, said)


async def test_an_option_that_a_queue_does_not_have_is_one_clear_line() -> None:
    status, said = await ends(await start("--port", "0", "--queues", "work:lokc=2"))
    assert status == 2
    assert said.startswith("sandbox.service_bus: --queues: 'lokc=2' is none of sessions, lock=SECONDS")
    assert said.count("\n") == 1


def test_queues_are_read_with_their_options() -> None:
    default = QueueSettings(max_deliveries=4)
    found = parse_queues("Changes:sessions:lock=0.5, outbox:deliveries=3:duplicates=60,", default)
    assert found == {
        "changes": QueueSettings(lock_seconds=0.5, max_deliveries=4, sessions=True),
        "outbox": QueueSettings(max_deliveries=3, sessions=False, duplicate_seconds=60),
    }
    with pytest.raises(ValueError, match="names no queue"):
        parse_queues(":sessions", default)


def test_a_client_is_told_to_speak_without_tls() -> None:
    assert "UseDevelopmentEmulator=true" in connection_string(5672)
