"""What the functions host reads off the broker's connection, and what it says when it cannot connect."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import proton
import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from sandbox.functions_host.bus_amqp import AmqpBuses, place_of
from sandbox.functions_host.bus_ports import BusMessage, BusUnavailable, NoSession
from sandbox.functions_host.bus_reading import read_message
from sandbox.functions_host.specs import ServiceBusTrigger
from sandbox.service_bus.service import started
from sandbox.service_bus.settings import Namespace, QueueSettings, connection_string

PATIENCE = 10.0
TWO = Namespace({"plain": QueueSettings(sessions=False), "turns": QueueSettings(sessions=True)})
WHEN = datetime(2024, 1, 10, 10, tzinfo=UTC)


def trigger(queue: str, port: int, sessions: bool = False) -> ServiceBusTrigger:
    return ServiceBusTrigger("message", queue, connection_string(port), sessions, many=False, binary=True)


def test_a_message_is_read_with_all_that_azure_tells_of_it() -> None:
    amqp = proton.Message(
        body=b"hello", inferred=True, id="m", group_id="s", content_type="application/json",
        delivery_count=1, ttl=60.0, properties={"k": b"v", "n": 1},
        annotations={
            proton.symbol("x-opt-enqueued-time"): proton.timestamp(int(WHEN.timestamp() * 1000)),
            proton.symbol("x-opt-sequence-number"): 12,
            proton.symbol("x-opt-locked-until"): proton.timestamp(1704880805000),
        },
    )  # fmt: skip
    read, locked_until = read_message("h", bytes(amqp.encode()), "t")
    assert (read.handle, read.body, read.application) == ("h", b"hello", {"k": "v", "n": 1})
    assert locked_until == 1704880805
    told = {name: value for name, value in read.properties.items() if value is not None}
    assert told == {
        "MessageId": "m",
        "SequenceNumber": 12,
        "DeliveryCount": 2,
        "EnqueuedTimeUtc": WHEN.isoformat(),
        "ExpiresAtUtc": "2024-01-10T10:01:00+00:00",
        "LockedUntil": "2024-01-10T10:00:05+00:00",
        "LockToken": "t",
        "ContentType": "application/json",
        "SessionId": "s",
    }


async def test_without_a_broker_it_is_unavailable() -> None:
    with pytest.raises(BusUnavailable, match="nobody answers"):
        await AmqpBuses().open(trigger("plain", 1), 1.0).open()


async def test_who_listens_but_speaks_no_amqp_is_unavailable() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        with pytest.raises(BusUnavailable):
            await AmqpBuses().open(trigger("plain", server.sockets[0].getsockname()[1]), 1.0).open()


async def test_a_queue_that_is_not_there_and_one_of_another_kind_are_refused() -> None:
    buses = AmqpBuses()
    async with started(TWO) as running:
        with pytest.raises(BusUnavailable, match="not-found"):
            await buses.open(trigger("other", running.port), 1.0).open()
        with pytest.raises(BusUnavailable, match="not-allowed"):
            await buses.open(trigger("turns", running.port), 1.0).open()
        await buses.close()


async def test_no_session_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.functions_host.bus_amqp._SESSION_WAIT_SECONDS", 0.05)
    buses = AmqpBuses()
    async with started(TWO) as running:
        with pytest.raises(NoSession):
            await buses.open(trigger("turns", running.port, sessions=True), 1.0).open()
        await buses.close()


async def test_all_queues_share_one_connection_and_another_comes_when_it_is_lost() -> None:
    buses = AmqpBuses()
    async with started(TWO) as running:
        place = place_of(connection_string(running.port))
        for _ in range(3):
            await (await buses.open(trigger("plain", running.port), 1.0).open()).close()
        first = await buses.wire(place)
        assert await buses.wire(place) is first
        receiver = await buses.open(trigger("plain", running.port), 1.0).open()
        first.close()
        with pytest.raises(BusUnavailable):
            await receiver.receive(1, PATIENCE)
        await receiver.close()
        assert await buses.wire(place) is not first
        await buses.close()


async def test_what_was_not_taken_is_handed_back_untried() -> None:
    """A receiver that asked for much and took little gives the rest back at once, as if never seen."""
    buses = AmqpBuses()
    async with (
        started(TWO) as running,
        ServiceBusClient.from_connection_string(running.connection_string) as client,
        client.get_queue_sender("plain") as sender,
    ):
        receiver = await buses.open(trigger("plain", running.port), 1.0).open()
        await sender.send_messages([ServiceBusMessage(str(number)) for number in range(5)])
        assert len(await receiver.receive(20, PATIENCE)) == 5
        await sender.send_messages([ServiceBusMessage(str(number)) for number in range(5, 10)])
        other = await buses.open(trigger("plain", running.port), 1.0).open()
        await receiver.close()
        found: list[BusMessage] = []
        while len(found) < 5:
            found += await other.receive(20, PATIENCE)
        assert {message.properties["DeliveryCount"] for message in found} == {1}
        await other.close()
        await buses.close()


def test_only_an_emulator_is_connected_to() -> None:
    with pytest.raises(ValueError, match="UseDevelopmentEmulator=true"):
        place_of("Endpoint=sb://n.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=k")
    assert place_of("Endpoint=sb://localhost;UseDevelopmentEmulator=true;") == ("localhost", 5672)
