"""The broker's port answers by HTTP too: whether it is well, and what is in its queues."""

from __future__ import annotations

import asyncio
import json
import sys

import aiohttp
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from sandbox.service_bus.service import started
from sandbox.service_bus.settings import Namespace, QueueSettings, connection_string
from sandbox.service_bus.settings import namespace as product
from shared.queues import KINDS, MOST_DELIVERIES, QUEUES

TWO = Namespace({"plain": QueueSettings(sessions=False), "turns": QueueSettings(sessions=True)})
NOTHING = {"active": 0, "scheduled": 0, "deferred": 0, "locked": 0}


async def asked(port: int, path: str) -> tuple[int, object]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.json()


async def test_messages_are_counted_by_queue_and_state() -> None:
    async with (
        started(TWO) as running,
        ServiceBusClient.from_connection_string(running.connection_string, retry_total=0) as client,
        client.get_queue_sender("plain") as sender,
        client.get_queue_receiver("plain") as receiver,
    ):
        await sender.send_messages([ServiceBusMessage(str(number)) for number in range(4)])
        first, second = await receiver.receive_messages(2)
        await receiver.dead_letter_message(first)
        await receiver.defer_message(second)
        await receiver.receive_messages(1)
        assert await asked(running.port, "/sandbox/queues") == (
            200,
            {
                "plain": NOTHING | {"active": 1, "deferred": 1, "locked": 1},
                "plain/$deadletterqueue": NOTHING | {"active": 1},
                "turns": NOTHING,
                "turns/$deadletterqueue": NOTHING,
            },
        )


async def test_it_says_that_it_is_well_and_nothing_else() -> None:
    async with started(TWO) as running:
        assert await asked(running.port, "/sandbox/health") == (200, {})
        assert (await asked(running.port, "/sandbox/other"))[0] == 404


async def test_a_request_that_comes_in_pieces_is_answered() -> None:
    async with started(TWO) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        for piece in (b"G", b"ET /sandbox/hea", b"lth HTTP/1.1\r\n", b"\r\n"):
            writer.write(piece)
            await writer.drain()
        assert (await reader.read()).startswith(b"HTTP/1.1 200 OK\r\n")
        writer.close()


async def test_a_silent_connection_does_not_hold_up_the_end() -> None:
    async with started(TWO) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    assert await reader.read() == b""
    writer.close()


async def test_the_products_queues_are_made_by_one_word() -> None:
    """A process with `--product` has every queue of the list, with turns where the list says so."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.service_bus", "--port", "0", "--product", "--lock-seconds", "4",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    port = int(line.partition(";")[0].rpartition(":")[2])
    assert connection_string(port) in line
    status, found = await asked(port, "/sandbox/queues")
    process.terminate()
    await process.communicate()
    assert status == 200
    assert {name for name in json.loads(json.dumps(found)) if "/" not in name} == set(QUEUES)
    made = product(4.0).queues
    assert {name: queue.sessions for name, queue in made.items()} == {
        kind.name: kind.sessions for kind in KINDS
    }
    assert {(queue.lock_seconds, queue.max_deliveries) for queue in made.values()} == {(4.0, MOST_DELIVERIES)}
