"""The lean queue client: one contract over Azurite and memory; then a whole host."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from azure.storage.queue import TextBase64EncodePolicy
from azure.storage.queue.aio import QueueClient
from host_support import ENVIRON, NO_BUS, PATIENCE, MemoryQueue, hosted

from sandbox.functions_host.queue_ports import LeaseLost, Queue, QueueUnavailable
from sandbox.functions_host.queue_service import RestQueues


def a_name() -> str:
    return f"q{uuid.uuid4().hex}"


@pytest.fixture(params=["memory", "azurite"])
async def queue(request: pytest.FixtureRequest) -> AsyncIterator[Queue]:
    if request.param == "memory":
        yield MemoryQueue()
        return
    queues = RestQueues()
    yield queues.open(request.getfixturevalue("azurite"), a_name())
    await queues.close()


async def test_a_queue_that_is_not_there_is_empty_and_made_by_sending(queue: Queue) -> None:
    assert list(await queue.receive(4, 30)) == []
    await queue.send("<a> & \"é\" ]]> 'b'")
    (message,) = await queue.receive(4, 30)
    assert (message.text, message.dequeue_count) == ("<a> & \"é\" ]]> 'b'", 1)


async def test_a_message_is_hidden_while_leased_and_gone_when_deleted(queue: Queue) -> None:
    for text in ("1", "2", "3"):
        await queue.send(text)
    first = await queue.receive(2, 30)
    second = await queue.receive(2, 30)
    assert [message.text for message in (*first, *second)] == ["1", "2", "3"]
    for message in (*first, *second):
        await queue.delete(message)
    with pytest.raises(LeaseLost):
        await queue.delete(first[0])


async def test_hiding_for_no_time_gives_it_back_and_counts(queue: Queue) -> None:
    await queue.send("x")
    (message,) = await queue.receive(1, 30)
    await queue.hide(message, 0)
    (again,) = await queue.receive(1, 30)
    assert (again.text, again.dequeue_count) == ("x", 2)
    with pytest.raises(LeaseLost):
        await queue.delete(message)
    await queue.delete(again)


async def test_a_renewal_makes_a_new_receipt_and_ends_the_old(queue: Queue) -> None:
    await queue.send("x")
    (message,) = await queue.receive(1, 30)
    old = type(message)(message.id, "x", 1, message.pop_receipt)
    await queue.hide(message, 30)
    with pytest.raises(LeaseLost):
        await queue.hide(old, 30)
    await queue.delete(message)


async def test_a_wrong_key_or_a_dead_endpoint_is_unavailable(azurite: str) -> None:
    queues = RestQueues(timeout=2)
    parts = dict(part.split("=", 1) for part in azurite.split(";") if part)
    wrong = ";".join(f"{k}={'d3Jvbmc=' if k == 'AccountKey' else v}" for k, v in parts.items())
    dead = ";".join(f"{k}={'http://127.0.0.1:9/x' if k == 'QueueEndpoint' else v}" for k, v in parts.items())
    for connection in (wrong, dead):
        with pytest.raises(QueueUnavailable):
            await queues.open(connection, a_name()).receive(1, 30)
    await queues.close()


async def test_a_connection_string_without_an_account_is_refused() -> None:
    with pytest.raises(ValueError, match="AccountKey"):
        RestQueues().open("AccountName=a", "q")


async def test_a_host_over_azurite_runs_retries_and_poisons(azurite: str) -> None:
    """Messages put by the real SDK, base64 as Azure's default wants it."""
    name = a_name()
    environ = ENVIRON | NO_BUS | {"AzureWebJobsStorage": azurite, "FIXTURE_QUEUE": name}
    sent = QueueClient.from_connection_string(azurite, name, message_encode_policy=TextBase64EncodePolicy())
    queues = RestQueues()
    async with sent, hosted(triggers=True, environ=environ) as (host, app):
        await sent.create_queue()
        for text in ("héllo", "once", "fail"):
            await sent.send_message(text)
        assert (await host.invoke_http("POST", "/api/enqueue", b"from-output")).status == 202
        async with asyncio.timeout(PATIENCE):
            letters = []
            while not letters:
                letters = list(await queues.open(azurite, f"{name}-poison").receive(1, 30))
        await host.drain(5)
        assert (await sent.get_queue_properties()).approximate_message_count == 0
    await queues.close()
    assert [letter.text for letter in letters] == ["ZmFpbA=="]
    worked = sorted(each for each in app.seen if each[0] != "startup")
    assert worked == [
        ("fail", 1),
        ("fail", 2),
        ("fail", 3),
        ("from-output", 1),
        ("héllo", 1),
        ("once", 1),
        ("once", 2),
    ]
