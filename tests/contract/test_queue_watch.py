"""The QueueWatch port over Storage on Azurite and Service Bus: counts and ages, taking nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from bus_kit import PATIENCE, closing_at_once
from storage_kit import fresh

from sandbox.service_bus.service import Running
from sandbox.service_bus.settings import Namespace, QueueSettings
from sandbox.service_bus.threaded import serving
from shared.adapters import watch_bus
from shared.adapters.queue_letters import Letters
from shared.adapters.queue_rest import StorageQueues
from shared.adapters.storage_rest import StorageRest, connection_account
from shared.adapters.watch_bus import BusWatch
from shared.adapters.watch_storage import StorageWatch
from shared.errors import Unavailable
from shared.ports import QueueState
from shared.queues import CHANGES, KINDS, OUTBOX, QUEUES

HOUR = 3600.0


def in_an_hour() -> float:
    return time.time() + HOUR


def ages(state: QueueState) -> bool:
    """Say whether the oldest was put there just now, by the clock of `in_an_hour`."""
    return state.oldest is not None and HOUR - 60 < state.oldest < HOUR + 60


async def test_storage_tells_how_many_and_since_when_and_what_was_given_up(azurite: str) -> None:
    async with aiohttp.ClientSession() as session:
        rest, name, other = (
            StorageRest(connection_account(azurite, "queue"), session),
            fresh("watched"),
            fresh("quiet"),
        )
        queues = StorageQueues(rest)
        watch = StorageWatch(rest, {OUTBOX: name, CHANGES: other}, in_an_hour)
        nothing = (QueueState(OUTBOX, 0, 0.0, 0), QueueState(CHANGES, 0, 0.0, 0))
        assert await watch.look((OUTBOX, CHANGES)) == nothing
        for made in (name, other, f"{name}-poison"):
            await queues.create(made)
        assert await watch.look((OUTBOX, CHANGES)) == nothing
        for _ in range(3):
            await queues.send(name, b"x")
        await queues.send(f"{name}-poison", b"x")
        for _ in range(2):
            state, _ = await watch.look((OUTBOX, CHANGES))
            assert (state.queue, state.waiting, state.poison) == (OUTBOX, 3, 1)
            assert ages(state)
        await Letters(rest, name).take(3, 60)
        (state,) = await watch.look((OUTBOX,))
        assert (state.waiting, state.oldest) == (3, 0.0)


@pytest.fixture(scope="module")
def broker() -> Iterator[Running]:
    """Serve the product's queues, and some of the tests' own."""
    own = {name: QueueSettings(sessions=False) for name in ("plain", "empty", "later", "many")}
    own |= {name: QueueSettings(sessions=True) for name in ("turns", "no-turns", "in-hand")}
    product = {kind.name: QueueSettings(sessions=kind.sessions) for kind in KINDS}
    with serving(Namespace(product | own)) as running:
        yield running


def client(broker: Running) -> ServiceBusClient:
    return ServiceBusClient.from_connection_string(broker.connection_string, retry_total=0)


def watching(broker: Running, plain: str = "empty", turns: str = "no-turns") -> BusWatch:
    return BusWatch(lambda: client(broker), {OUTBOX: plain, CHANGES: turns}, in_an_hour)


async def test_the_age_of_the_oldest_is_told_and_it_is_still_there(broker: Running) -> None:
    with closing_at_once():
        async with client(broker) as opened, opened.get_queue_sender("plain") as sender:
            await sender.send_messages([ServiceBusMessage("a"), ServiceBusMessage("b")])
            for _ in range(2):
                (state,) = await watching(broker, "plain").look((OUTBOX,))
                assert (state.queue, state.waiting, state.poison) == (OUTBOX, None, 0)
                assert ages(state)
            async with opened.get_queue_receiver("plain") as receiver:
                got = await receiver.receive_messages(2, max_wait_time=PATIENCE)
                assert [(str(each), each.delivery_count) for each in got] == [("a", 0), ("b", 0)]


async def test_what_is_scheduled_does_not_wait(broker: Running) -> None:
    with closing_at_once():
        async with client(broker) as opened, opened.get_queue_sender("later") as sender:
            due = datetime.now(UTC) + timedelta(days=1)
            await sender.send_messages(ServiceBusMessage("a", scheduled_enqueue_time_utc=due))
            (state,) = await watching(broker, "later").look((OUTBOX,))
    assert state.oldest == 0.0


async def test_the_head_of_a_free_session_is_looked_at_and_the_session_is_free_again(broker: Running) -> None:
    with closing_at_once():
        async with client(broker) as opened, opened.get_queue_sender("turns") as sender:
            await sender.send_messages([ServiceBusMessage(str(n), session_id="s") for n in range(3)])
            (state,) = await watching(broker, turns="turns").look((CHANGES,))
            assert ages(state)
            async with opened.get_queue_receiver("turns", session_id="s") as receiver:
                got = await receiver.receive_messages(3, max_wait_time=PATIENCE)
                assert [(str(each), each.delivery_count) for each in got] == [("0", 0), ("1", 0), ("2", 0)]


async def test_sessions_that_are_all_in_hand_are_left_alone(broker: Running) -> None:
    with closing_at_once():
        async with client(broker) as opened, opened.get_queue_sender("in-hand") as sender:
            await sender.send_messages([ServiceBusMessage("1", session_id="s")])
            async with opened.get_queue_receiver("in-hand", session_id=NEXT_AVAILABLE_SESSION) as receiver:
                (got,) = await receiver.receive_messages(1, max_wait_time=PATIENCE)
                (state,) = await watching(broker, turns="in-hand").look((CHANGES,))
                assert state.oldest == 0.0
                await receiver.complete_message(got)


async def test_dead_letters_are_counted_up_to_a_number(
    broker: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_bus, "COUNTED", 2)
    with closing_at_once():
        async with client(broker) as opened, opened.get_queue_sender("many") as sender:
            for number in (1, 2, 2):
                await sender.send_messages(ServiceBusMessage("x"))
                async with opened.get_queue_receiver("many") as receiver:
                    (got,) = await receiver.receive_messages(1, max_wait_time=PATIENCE)
                    await receiver.dead_letter_message(got)
                (state,) = await watching(broker, "many").look((OUTBOX,))
                assert state.poison == number


async def test_all_queues_of_the_product_can_be_looked_at(broker: Running) -> None:
    with closing_at_once():
        found = await BusWatch(lambda: client(broker)).look(QUEUES)
    assert found == tuple(QueueState(queue, None, 0.0, 0) for queue in QUEUES)


async def test_a_namespace_that_does_not_answer_is_unavailable() -> None:
    gone = "Endpoint=sb://127.0.0.1:9;SharedAccessKeyName=n;SharedAccessKey=k;UseDevelopmentEmulator=true"
    watch = BusWatch(lambda: ServiceBusClient.from_connection_string(gone, retry_total=0))
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(Unavailable, match="did not answer"):
            await watch.look((OUTBOX,))
