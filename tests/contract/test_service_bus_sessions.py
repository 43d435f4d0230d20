"""Sessions of the sandbox's broker, to the real Azure client: one receiver each, in order."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from azure.servicebus import (
    NEXT_AVAILABLE_SESSION,
    ServiceBusClient,
    ServiceBusMessage,
    ServiceBusReceiver,
)
from azure.servicebus.exceptions import (
    OperationTimeoutError,
    ServiceBusError,
    SessionCannotBeLockedError,
    SessionLockLostError,
)
from bus_kit import PATIENCE, connected

from sandbox.service_bus.settings import Namespace, QueueSettings
from sandbox.service_bus.threaded import serving

SETTINGS = QueueSettings(sessions=True, lock_seconds=30)


@pytest.fixture
def client() -> Iterator[ServiceBusClient]:
    """Connect to a fresh broker with session queues, one of them with a short lock, and one other queue."""
    queues = {
        "q": SETTINGS,
        "brief": QueueSettings(sessions=True, lock_seconds=1.5),
        "plain": QueueSettings(sessions=False),
    }
    with (
        serving(Namespace(queues)) as running,
        connected(running) as client,
    ):
        yield client


def send(client: ServiceBusClient, queue: str, *messages: tuple[str, str]) -> None:
    with client.get_queue_sender(queue) as sender:
        for session, body in messages:
            sender.send_messages(ServiceBusMessage(body, session_id=session))


def next_session(client: ServiceBusClient, queue: str = "q", wait: float = PATIENCE) -> ServiceBusReceiver:
    return client.get_queue_receiver(queue, session_id=NEXT_AVAILABLE_SESSION, max_wait_time=wait)


def texts(receiver: ServiceBusReceiver, count: int) -> list[tuple[str, int]]:
    got = []
    while len(got) < count and (more := receiver.receive_messages(count - len(got), PATIENCE)):
        for message in more:
            got.append((str(message), message.delivery_count))
            receiver.complete_message(message)
    return got


def open_and_read(receiver: ServiceBusReceiver) -> tuple[str, list[tuple[str, int]]]:
    with receiver:
        return receiver.session.session_id, texts(receiver, 1)


def test_a_session_is_received_in_order_and_alone(client: ServiceBusClient) -> None:
    send(client, "q", ("A", "a1"), ("B", "b1"), ("A", "a2"), ("B", "b2"))
    with next_session(client) as one, next_session(client) as two:
        assert (one.session.session_id, two.session.session_id) == ("A", "B")
        assert one.session.locked_until_utc > datetime.now(UTC)
        assert texts(two, 2) == [("b1", 0), ("b2", 0)]
        assert texts(one, 2) == [("a1", 0), ("a2", 0)]


def test_a_session_that_is_named_is_given_even_when_empty(client: ServiceBusClient) -> None:
    with client.get_queue_receiver("q", session_id="A") as receiver:
        assert receiver.session.session_id == "A"
        send(client, "q", ("B", "b1"), ("A", "a1"))
        assert texts(receiver, 1) == [("a1", 0)]


def test_a_session_that_is_held_is_not_given_again(client: ServiceBusClient) -> None:
    with (
        client.get_queue_receiver("q", session_id="A"),
        pytest.raises(SessionCannotBeLockedError),
        client.get_queue_receiver("q", session_id="A") as other,
    ):
        other.receive_messages(max_wait_time=PATIENCE)
    with client.get_queue_receiver("q", session_id="A") as other:
        assert other.session.session_id == "A"


def test_no_session_with_messages_is_a_timeout(client: ServiceBusClient) -> None:
    with pytest.raises(OperationTimeoutError), next_session(client, wait=0.3) as receiver:
        receiver.receive_messages()


def test_a_receiver_waits_for_the_next_session(client: ServiceBusClient) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: open_and_read(next_session(client)))
        with client.get_queue_sender("q") as sender:  # to open a link takes as long as to ask for a session
            sender.send_messages(ServiceBusMessage("a1", session_id="A"))
        assert waiting.result(PATIENCE) == ("A", [("a1", 0)])


def test_leaving_gives_the_session_back_untried(client: ServiceBusClient) -> None:
    send(client, "q", ("A", "a1"), ("A", "a2"))
    with next_session(client) as receiver:
        assert len(receiver.receive_messages(2, PATIENCE)) == 2
    with next_session(client) as receiver:
        assert texts(receiver, 2) == [("a1", 0), ("a2", 0)]


def test_an_abandoned_message_stays_first(client: ServiceBusClient) -> None:
    send(client, "q", ("A", "a1"), ("A", "a2"))
    with next_session(client) as receiver:
        (message,) = receiver.receive_messages(1, PATIENCE)
        receiver.abandon_message(message)
        assert texts(receiver, 2) == [("a1", 1), ("a2", 0)]


def test_a_session_lock_that_expires_goes_to_the_next(client: ServiceBusClient) -> None:
    send(client, "brief", ("A", "a1"))
    with next_session(client, "brief") as slow:
        (held,) = slow.receive_messages(1, PATIENCE)
        with next_session(client, "brief") as other:
            assert texts(other, 1) == [("a1", 1)]
        with pytest.raises(SessionLockLostError):
            slow.complete_message(held)


def test_a_renewed_session_lock_holds_longer(client: ServiceBusClient) -> None:
    send(client, "brief", ("A", "a1"))
    with next_session(client, "brief") as receiver:
        first = receiver.session.locked_until_utc
        (message,) = receiver.receive_messages(1, PATIENCE)
        while datetime.now(UTC) <= first:  # each renewal waits for the broker
            assert receiver.session.renew_lock() >= first
        receiver.complete_message(message)


def test_a_session_has_a_state(client: ServiceBusClient) -> None:
    with client.get_queue_receiver("q", session_id="A") as receiver:
        assert receiver.session.get_state() is None
        receiver.session.set_state(b"step 3")
    with client.get_queue_receiver("q", session_id="A") as receiver:
        assert receiver.session.get_state() == b"step 3"
        receiver.session.set_state(None)
        assert receiver.session.get_state() is None


def test_a_session_is_peeked_and_deferred_in_by_itself(client: ServiceBusClient) -> None:
    send(client, "q", ("A", "a1"), ("B", "b1"), ("A", "a2"))
    with client.get_queue_receiver("q", session_id="A") as receiver:
        assert [str(message) for message in receiver.peek_messages(10)] == ["a1", "a2"]
        (message,) = receiver.receive_messages(1, PATIENCE)
        receiver.defer_message(message)
        (deferred,) = receiver.receive_deferred_messages(message.sequence_number)
        receiver.complete_message(deferred)
        assert texts(receiver, 1) == [("a2", 0)]


def test_receivers_and_messages_must_fit_the_queue(client: ServiceBusClient) -> None:
    with pytest.raises(ServiceBusError, match="requires sessions"), client.get_queue_sender("q") as sender:
        sender.send_messages(ServiceBusMessage("no session id"))
    with (
        pytest.raises(ServiceBusError, match="requires sessions"),
        client.get_queue_receiver("q") as receiver,
    ):
        receiver.receive_messages(max_wait_time=PATIENCE)
    with pytest.raises(ServiceBusError, match="does not require"), next_session(client, "plain") as receiver:
        receiver.receive_messages(max_wait_time=PATIENCE)


def test_a_queue_made_on_use_has_sessions_if_its_first_receiver_says_so() -> None:
    with (
        serving(Namespace()) as running,
        connected(running) as client,
    ):
        send(client, "new", ("A", "a1"), ("B", "b1"))
        with client.get_queue_receiver("new", session_id="B") as receiver:
            assert texts(receiver, 1) == [("b1", 0)]
