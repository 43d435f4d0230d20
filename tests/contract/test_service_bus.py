"""The sandbox's broker to the real Azure client: what the client asks of Service Bus, it gets."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from azure.servicebus import (
    ServiceBusClient,
    ServiceBusMessage,
    ServiceBusReceivedMessage,
    ServiceBusReceiveMode,
    ServiceBusReceiver,
    ServiceBusSubQueue,
)
from azure.servicebus.aio import ServiceBusClient as AsyncClient
from azure.servicebus.amqp import AmqpAnnotatedMessage
from azure.servicebus.exceptions import (
    MessageLockLostError,
    MessageNotFoundError,
    MessageSizeExceededError,
    MessagingEntityNotFoundError,
    ServiceBusError,
)
from bus_kit import PATIENCE, connected
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.service_bus.service import Running
from sandbox.service_bus.settings import Namespace, QueueSettings
from sandbox.service_bus.threaded import serving

NOTHING = 0.3  # seconds after which nothing has come
DAY = timedelta(days=1)
SCALARS = (
    st.text() | st.integers(-(2**31), 2**31 - 1) | st.booleans() | st.floats(allow_nan=False) | st.uuids()
)
QUEUES = {
    "once": QueueSettings(sessions=False, duplicate_seconds=60),
    "brief": QueueSettings(sessions=False, lock_seconds=1.5, max_deliveries=2),
    "plain": QueueSettings(sessions=False),
}


@pytest.fixture(scope="module")
def broker() -> Iterator[Running]:
    """Serve a namespace that makes queues on use."""
    with serving(Namespace()) as running:
        yield running


@pytest.fixture(scope="module")
def named() -> Iterator[ServiceBusClient]:
    """Connect to a namespace with configured queues."""
    with serving(Namespace(QUEUES)) as running, connected(running) as client:
        yield client


@pytest.fixture(scope="module")
def client(broker: Running) -> Iterator[ServiceBusClient]:
    with connected(broker) as client:
        yield client


@pytest.fixture
def queue() -> str:
    """Name a queue that no other test uses."""
    return f"q{uuid.uuid4().hex}"


def send(client: ServiceBusClient, queue: str, *messages: ServiceBusMessage | str) -> None:
    with client.get_queue_sender(queue) as sender:
        sender.send_messages([ServiceBusMessage(m) if isinstance(m, str) else m for m in messages])


def receive(receiver: ServiceBusReceiver, count: int = 1) -> list[ServiceBusReceivedMessage]:
    """Receive until there are `count`."""
    got: list[ServiceBusReceivedMessage] = []
    while len(got) < count and (more := receiver.receive_messages(count - len(got), PATIENCE)):
        got += more
    return got


def bodies(messages: list[ServiceBusReceivedMessage]) -> list[str]:
    return [str(message) for message in messages]


def read(message: ServiceBusReceivedMessage) -> dict[str, object]:
    """Read application properties: the client leaves their texts as bytes."""
    found = message.application_properties or {}
    return {text(name): text(value) for name, value in found.items()}


def text(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value


def test_a_message_comes_as_it_was_sent(client: ServiceBusClient, queue: str) -> None:
    properties = {"text": "é", "number": 7, "yes": True}
    sent = ServiceBusMessage(
        b"\x00\xff", message_id="m", content_type="application/json", correlation_id="c", subject="s",
        to="t", reply_to="r", partition_key="p", application_properties=properties,
        time_to_live=timedelta(minutes=5),
    )  # fmt: skip
    with client.get_queue_sender(queue) as sender, client.get_queue_receiver(queue) as receiver:
        sender.send_messages(sent)
        (got,) = receive(receiver)
        receiver.complete_message(got)
    assert b"".join(got.body) == b"\x00\xff"
    names = ("message_id", "content_type", "correlation_id", "subject", "to", "reply_to", "partition_key")
    assert [getattr(got, name) for name in names] == [getattr(sent, name) for name in names]
    assert read(got) == properties
    assert (got.sequence_number, got.delivery_count, got.time_to_live) == (1, 0, timedelta(minutes=5))
    now = datetime.now(UTC)
    assert now - timedelta(minutes=1) < got.enqueued_time_utc <= now < got._expiry


def test_a_lock_token_is_the_deliverys_tag(client: ServiceBusClient, queue: str) -> None:
    send(client, queue, "a", "b")
    with client.get_queue_receiver(queue) as receiver:
        tokens = {message.lock_token for message in receive(receiver, 2)}
    assert len(tokens) == 2
    assert all(isinstance(token, uuid.UUID) and token.version == 4 for token in tokens)


def test_a_batch_keeps_its_order_and_each_message_its_own_properties(
    client: ServiceBusClient, queue: str
) -> None:
    with client.get_queue_sender(queue) as sender:
        batch = sender.create_message_batch()
        for number in range(300):
            batch.add_message(ServiceBusMessage(json.dumps(number), message_id=str(number)))
        sender.send_messages(batch)
    with client.get_queue_receiver(queue, prefetch_count=50) as receiver:
        got = receive(receiver, 300)
    assert [(int(str(message)), message.message_id) for message in got] == [(n, str(n)) for n in range(300)]


def test_a_body_of_several_parts_is_one_message(client: ServiceBusClient, queue: str) -> None:
    parts = [b"a", b"", b"\x00bc"]
    with client.get_queue_sender(queue) as sender:
        sender.send_messages(AmqpAnnotatedMessage(data_body=parts))
    with client.get_queue_receiver(queue) as receiver:
        (got,) = receive(receiver)
    assert list(got.body) == parts


def test_any_body_and_properties_survive(client: ServiceBusClient) -> None:
    mode = ServiceBusReceiveMode.RECEIVE_AND_DELETE
    with (
        client.get_queue_sender("any") as sender,
        client.get_queue_receiver("any", receive_mode=mode) as receiver,
    ):

        @settings(max_examples=100, deadline=None)
        @given(body=st.binary(), properties=st.dictionaries(st.text(), SCALARS, max_size=4))
        def survives(body: bytes, properties: dict[str, object]) -> None:
            sender.send_messages(ServiceBusMessage(body, application_properties=properties))
            (got,) = receive(receiver)
            assert b"".join(got.body) == body
            assert read(got) == properties

        survives()


def test_completed_is_gone_and_abandoned_comes_again_in_its_place(
    client: ServiceBusClient, queue: str
) -> None:
    send(client, queue, "a", "b", "c")
    with client.get_queue_receiver(queue) as receiver:
        first, second = receive(receiver, 2)
        receiver.complete_message(first)
        receiver.abandon_message(second)
        again = receive(receiver, 2)
    assert [(str(message), message.delivery_count) for message in again] == [("b", 1), ("c", 0)]


def test_a_message_is_dead_lettered_with_a_reason(client: ServiceBusClient, queue: str) -> None:
    send(client, queue, ServiceBusMessage("a", message_id="m", application_properties={"own": 1}))
    with client.get_queue_receiver(queue) as receiver:
        (got,) = receive(receiver)
        receiver.dead_letter_message(got, reason="Rejected", error_description="no such patient")
    with client.get_queue_receiver(queue, sub_queue=ServiceBusSubQueue.DEAD_LETTER) as receiver:
        (dead,) = receive(receiver)
        assert (dead.dead_letter_reason, dead.dead_letter_error_description) == (
            "Rejected",
            "no such patient",
        )
        assert (dead.dead_letter_source, dead.message_id, str(dead)) == (queue, "m", "a")
        assert read(dead)["own"] == 1
        receiver.complete_message(dead)
        assert receiver.peek_messages() == []


def test_what_fails_too_often_is_dead_lettered(client: ServiceBusClient, queue: str) -> None:
    send(client, queue, "a")
    with client.get_queue_receiver(queue) as receiver:
        for count in range(10):
            (got,) = receive(receiver)
            assert got.delivery_count == count
            receiver.abandon_message(got)
        assert receiver.receive_messages(max_wait_time=NOTHING) == []
    with client.get_queue_receiver(queue, sub_queue="deadletter") as receiver:
        (dead,) = receive(receiver)
    assert (dead.dead_letter_reason, dead.delivery_count) == ("MaxDeliveryCountExceeded", 10)


def test_a_lock_that_expires_gives_the_message_to_the_next(named: ServiceBusClient) -> None:
    send(named, "brief", "a")
    with named.get_queue_receiver("brief") as slow, named.get_queue_receiver("brief") as next_one:
        (held,) = receive(slow)
        (again,) = receive(next_one)  # waits until the lock has expired
        assert (again.message_id, again.delivery_count) == (held.message_id, 1)
        with pytest.raises(MessageLockLostError):
            slow.complete_message(held)
        next_one.complete_message(again)


def test_the_broker_refuses_to_settle_without_the_lock(named: ServiceBusClient) -> None:
    send(named, "brief", "a")
    with named.get_queue_receiver("brief") as slow, named.get_queue_receiver("brief") as next_one:
        (held,) = receive(slow)
        (again,) = receive(next_one)
        held._expiry = datetime.now(UTC) + DAY  # so that the client asks the broker
        with pytest.raises(MessageLockLostError, match="lock supplied is invalid"):
            slow.complete_message(held)
        next_one.complete_message(again)


def test_a_renewed_lock_holds_longer(named: ServiceBusClient) -> None:
    send(named, "brief", "a")
    with named.get_queue_receiver("brief") as receiver, named.get_queue_receiver("brief") as other:
        (got,) = receive(receiver)
        first, end = got.locked_until_utc, time.monotonic() + 2.5
        while time.monotonic() < end:  # longer than the lock; each question waits for the broker
            assert receiver.renew_message_lock(got) >= first
            assert other.receive_messages(max_wait_time=0.1) == []
        assert got.locked_until_utc > first
        receiver.complete_message(got)
        with pytest.raises(ValueError, match="settled"):
            receiver.renew_message_lock(got)


def test_the_lock_of_a_settled_message_cannot_be_renewed(client: ServiceBusClient, queue: str) -> None:
    send(client, queue, "a")
    with client.get_queue_receiver(queue) as receiver:
        (got,) = receive(receiver)
        receiver.complete_message(got)
        got._settled = False  # so that the client asks the broker
        with pytest.raises(MessageLockLostError):
            receiver.renew_message_lock(got)


def test_a_deferred_message_waits_for_its_number(client: ServiceBusClient, queue: str) -> None:
    send(client, queue, "a", "b")
    with client.get_queue_receiver(queue) as receiver:
        one, two = receive(receiver, 2)
        receiver.defer_message(one)
        receiver.complete_message(two)
        assert receiver.receive_messages(max_wait_time=NOTHING) == []
        (got,) = receiver.receive_deferred_messages(one.sequence_number)
        assert str(got) == "a"
        receiver.dead_letter_message(got, reason="late")  # goes by the management link
        with pytest.raises(MessageNotFoundError):
            receiver.receive_deferred_messages(one.sequence_number)
    with client.get_queue_receiver(queue, sub_queue="deadletter") as receiver:
        assert receive(receiver)[0].dead_letter_reason == "late"


def test_peeking_shows_everything_and_locks_nothing(client: ServiceBusClient, queue: str) -> None:
    send(client, queue, "a", "b", "c")
    with client.get_queue_sender(queue) as sender:
        sender.schedule_messages(ServiceBusMessage("later"), datetime.now(UTC) + DAY)
    with client.get_queue_receiver(queue) as receiver:
        receive(receiver)
        shown = receiver.peek_messages(10, sequence_number=1)
        assert [(str(m), m.sequence_number) for m in shown] == [("a", 1), ("b", 2), ("c", 3), ("later", 4)]
        assert [message.state.name for message in shown] == ["ACTIVE", "ACTIVE", "ACTIVE", "SCHEDULED"]
        assert bodies(receiver.peek_messages(2, sequence_number=2)) == ["b", "c"]
        assert bodies(receive(receiver, 2)) == ["b", "c"]


def test_a_scheduled_message_comes_when_it_is_due(client: ServiceBusClient, queue: str) -> None:
    with client.get_queue_sender(queue) as sender, client.get_queue_receiver(queue) as receiver:
        due = datetime.now(UTC) + timedelta(seconds=1.5)
        sender.send_messages(ServiceBusMessage("sent", scheduled_enqueue_time_utc=due))
        sender.schedule_messages([ServiceBusMessage("scheduled")], due)
        got = receive(receiver, 2)
        assert datetime.now(UTC) >= due
    assert bodies(got) == ["sent", "scheduled"]
    assert all(abs(message.enqueued_time_utc - due) < timedelta(milliseconds=2) for message in got)


def test_a_cancelled_message_never_comes(client: ServiceBusClient, queue: str) -> None:
    with client.get_queue_sender(queue) as sender, client.get_queue_receiver(queue) as receiver:
        numbers = sender.schedule_messages(
            [ServiceBusMessage("a"), ServiceBusMessage("b")], datetime.now(UTC) + DAY
        )
        sender.cancel_scheduled_messages(numbers[0])
        assert bodies(receiver.peek_messages(10)) == ["b"]
        with pytest.raises(MessageNotFoundError):
            sender.cancel_scheduled_messages(numbers[0])


def test_a_duplicate_is_dropped(named: ServiceBusClient) -> None:
    send(named, "once", ServiceBusMessage("a", message_id="1"), ServiceBusMessage("b", message_id="1"))
    send(named, "once", ServiceBusMessage("c", message_id="1"), ServiceBusMessage("d", message_id="2"))
    with named.get_queue_receiver("once") as receiver:
        assert bodies(receiver.peek_messages(10)) == ["a", "d"]


def test_a_message_that_waited_too_long_is_gone(client: ServiceBusClient, queue: str) -> None:
    send(client, queue, ServiceBusMessage("a", time_to_live=timedelta(milliseconds=1)), "b")
    with client.get_queue_receiver(queue) as receiver:
        assert bodies(receive(receiver)) == ["b"]


def test_receive_and_delete_needs_no_settling(client: ServiceBusClient, queue: str) -> None:
    send(client, queue, "a", "b")
    mode = ServiceBusReceiveMode.RECEIVE_AND_DELETE
    with client.get_queue_receiver(queue, receive_mode=mode) as receiver:
        assert bodies(receive(receiver, 2)) == ["a", "b"]
        assert receiver.peek_messages(sequence_number=1) == []


def test_no_more_is_sent_than_is_asked_for(client: ServiceBusClient, queue: str) -> None:
    send(client, queue, *"abcd")
    with client.get_queue_receiver(queue) as one, client.get_queue_receiver(queue) as two:
        assert bodies(receive(one, 1) + receive(two, 3)) == ["a", "b", "c", "d"]


def test_prefetched_messages_go_back_untried(client: ServiceBusClient, queue: str) -> None:
    send(client, queue, *"abc")
    with client.get_queue_receiver(queue, prefetch_count=10) as receiver:
        assert bodies(receiver.receive_messages(1, PATIENCE)) == ["a"]
    with client.get_queue_receiver(queue) as receiver:
        assert [(str(m), m.delivery_count) for m in receive(receiver, 2)] == [("b", 0), ("c", 0)]


def test_each_message_goes_to_one_of_many_receivers(broker: Running, queue: str) -> None:
    def work(_: int) -> list[str]:
        done = []
        with connected(broker) as client, client.get_queue_receiver(queue) as receiver:
            while got := receiver.receive_messages(5, 1.0):
                for message in got:
                    receiver.complete_message(message)
                done += bodies(got)
        return done

    with connected(broker) as client, ThreadPoolExecutor(4) as pool:
        send(client, queue, *map(str, range(60)))
        shares = list(pool.map(work, range(4)))
    assert sorted(chain(*shares), key=int) == [str(number) for number in range(60)]


def test_only_named_queues_are_there_when_some_are_named(named: ServiceBusClient) -> None:
    with pytest.raises(MessagingEntityNotFoundError), named.get_queue_receiver("nowhere") as receiver:
        receiver.receive_messages(max_wait_time=PATIENCE)
    with pytest.raises(ServiceBusError), named.get_queue_sender("nowhere") as sender:
        sender.send_messages(ServiceBusMessage("a"))
    send(named, "PLAIN", "names have no case")
    with named.get_queue_receiver("plain") as receiver:
        assert bodies(receive(receiver)) == ["names have no case"]


def test_a_message_that_is_too_large_is_refused(client: ServiceBusClient, queue: str) -> None:
    with client.get_queue_sender(queue) as sender:
        with pytest.raises(MessageSizeExceededError):
            sender.send_messages(ServiceBusMessage(b"x" * 300_000))
        with pytest.raises(ValueError, match="too large"):
            sender.create_message_batch(300_000)
    send(client, queue, ServiceBusMessage(b"y" * 200_000))
    with client.get_queue_receiver(queue) as receiver:
        assert len(b"".join(receive(receiver)[0].body)) == 200_000


async def test_the_asynchronous_client_works_too(broker: Running, queue: str) -> None:
    async with (
        AsyncClient.from_connection_string(broker.connection_string) as client,
        client.get_queue_sender(queue) as sender,
        client.get_queue_receiver(queue) as receiver,
    ):
        await sender.send_messages([ServiceBusMessage("a"), ServiceBusMessage("b")])
        one, two = await receiver.receive_messages(2, max_wait_time=PATIENCE)
        await receiver.complete_message(one)
        await receiver.abandon_message(two)
        (again,) = await receiver.receive_messages(1, max_wait_time=PATIENCE)
        assert (str(again), again.delivery_count) == ("b", 1)
        assert await receiver.renew_message_lock(again) > datetime.now(UTC)
        await receiver.dead_letter_message(again, reason="r")
        assert await receiver.peek_messages(sequence_number=1) == []


def test_an_unknown_operation_is_refused(client: ServiceBusClient, queue: str) -> None:
    with client.get_queue_receiver(queue) as receiver, pytest.raises(ServiceBusError, match="does not know"):
        receiver._mgmt_request_response_with_retry(b"com.microsoft:add-rule", {}, _raise_unless_ok)


def _raise_unless_ok(status: int, message: object, description: bytes, amqp_transport: object) -> None:
    raise ServiceBusError(f"{status} {description.decode()}")
