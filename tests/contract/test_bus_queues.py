"""What only Service Bus can: turns within a session, one telling of many, schedules, dead letters."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient
from bus_kit import PATIENCE, Reader, body_of, bus_queues, closing_at_once, reading
from proton import Receiver
from storage_kit import Line

from sandbox.service_bus.errors import Refused
from sandbox.service_bus.links import refuse
from sandbox.service_bus.service import Attaching, Running, started
from sandbox.service_bus.settings import connection_string, namespace
from sandbox.service_bus.threaded import serving
from sandbox.service_bus.wire import LinkHandler, Wire
from shared.adapters.bus_queues import LONGEST_ID
from shared.adapters.queue_rest import MAX_BODY
from shared.adapters.storage_rest import Account
from shared.queues import MOST_DELIVERIES


@pytest.fixture
def broker() -> Iterator[Running]:
    """Serve the product's own namespace."""
    with serving(namespace()) as running, closing_at_once():
        yield running


@pytest.fixture
def connection(broker: Running) -> str:
    """Say how to connect to it."""
    return broker.connection_string


async def taken(reader: Reader) -> list[bytes]:
    """Take what stands there."""
    return [body_of(message) for message in await reader.take()]


async def test_what_names_no_session_has_one_of_its_own_where_a_queue_wants_one(connection: str) -> None:
    async with bus_queues(connection) as queues, ServiceBusClient.from_connection_string(connection) as bus:
        await queues.send("changes", b"1")
        await queues.send("changes", b"2")
        turns = set()
        for _ in range(2):
            next_one = bus.get_queue_receiver("changes", session_id=NEXT_AVAILABLE_SESSION)
            async with next_one as receiver:
                [message] = await receiver.receive_messages(5, PATIENCE)
                await receiver.complete_message(message)
                turns.add(message.session_id)
        assert len(turns) == 2


async def test_messages_of_a_session_are_in_order_and_each_session_has_its_own(connection: str) -> None:
    async with bus_queues(connection) as queues:
        for number in range(10):
            await queues.send("changes", b"%d" % number, session=f"patient-{number % 2}")
    for parity in (0, 1):
        async with reading(connection, "changes", f"patient-{parity}") as reader:
            assert await taken(reader) == [b"%d" % n for n in range(parity, 10, 2)]


async def test_what_is_sent_at_once_keeps_the_order_in_which_it_was_asked(connection: str) -> None:
    """A crowd goes in batches: by count where it is small, by size where it is large."""
    small = [b"%d" % number for number in range(250)]
    large = [bytes([number]) + bytes(MAX_BODY - 1) for number in range(9)]
    async with bus_queues(connection) as queues, reading(connection, "changes", "one") as reader:
        for bodies in (small, large):
            await asyncio.gather(*(queues.send("changes", body, session="one") for body in bodies))
            assert await taken(reader) == bodies


async def test_what_is_told_twice_under_one_name_is_taken_once(connection: str) -> None:
    """However long the name; a batch is looked through too."""
    for name in ("Observation/1/2/updated", "Observation/" + "1" * 4 * LONGEST_ID):
        async with bus_queues(connection) as queues, reading(connection, "changes", "one") as reader:
            await queues.send("changes", b"first", session="one", once=name)
            await queues.send("changes", b"again", session="one", once=name)
            more = (b"again", b"once more", b"for ever")
            await asyncio.gather(*(queues.send("changes", b, session="one", once=name) for b in more))
            assert await taken(reader) == [b"first"]
            await queues.send("changes", b"after it was done", session="one", once=name)
            assert await taken(reader) == []


async def test_what_has_no_name_is_never_taken_for_a_repetition(connection: str) -> None:
    async with bus_queues(connection) as queues, reading(connection, "changes", "one") as reader:
        for _ in range(3):
            await queues.send("changes", b"same", session="one")
        await queues.send("changes", b"same", session="one", once="name")
        assert await taken(reader) == [b"same"] * 4


async def test_names_that_differ_at_their_end_alone_are_told_apart(connection: str) -> None:
    async with bus_queues(connection) as queues, reading(connection, "changes", "s" * LONGEST_ID) as reader:
        for last in "ab":
            await queues.send("changes", last.encode(), session="s" * LONGEST_ID, once="n" * 300 + last)
        await queues.send("changes", b"another's", session="s" * LONGEST_ID + "t")
        assert await taken(reader) == [b"a", b"b"]


async def test_a_delay_is_when_the_message_is_scheduled_for(connection: str) -> None:
    async with bus_queues(connection) as queues, reading(connection, "wakeups") as reader:
        before = datetime.now(UTC)
        await queues.send("wakeups", b"later", 90.0)
        after = datetime.now(UTC)
        [message] = await reader.peek()
        assert message.scheduled_enqueue_time_utc is not None
        moment = timedelta(milliseconds=1)  # as exact as AMQP's timestamps are
        assert before + timedelta(seconds=90) - moment <= message.scheduled_enqueue_time_utc
        assert message.scheduled_enqueue_time_utc <= after + timedelta(seconds=90)


async def test_a_scheduled_message_comes_when_it_is_due(connection: str) -> None:
    """In the session that it was sent to, without holding up what comes meanwhile."""
    async with bus_queues(connection) as queues, reading(connection, "changes", "one") as reader:
        await queues.send("changes", b"now", session="one")
        await queues.send("changes", b"later", 2.0, session="one")
        assert await taken(reader) == [b"now"]
        [message] = await reader.wait()
        assert body_of(message) == b"later"


async def test_what_fails_too_often_is_a_dead_letter_with_its_reason(connection: str) -> None:
    async with bus_queues(connection) as queues:
        await queues.send("wakeups", b"poison")
    async with ServiceBusClient.from_connection_string(connection, retry_total=0) as client:
        async with client.get_queue_receiver("wakeups") as receiver:
            for number in range(MOST_DELIVERIES):
                [message] = await receiver.receive_messages(1, PATIENCE)
                assert message.delivery_count == number
                await receiver.abandon_message(message)
            assert await receiver.peek_messages(1, sequence_number=1) == []
        dead = client.get_queue_receiver("wakeups", sub_queue=ServiceBusSubQueue.DEAD_LETTER)
        async with dead:
            [message] = await dead.receive_messages(1, PATIENCE)
            assert (body_of(message), message.dead_letter_reason) == (b"poison", "MaxDeliveryCountExceeded")


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the SDK leaves the socket of a broken line
@pytest.mark.filterwarnings("ignore:loop is closed:ResourceWarning")
async def test_a_line_that_broke_meanwhile_is_opened_anew_unnoticed(broker: Running) -> None:
    """As when the service ends a link that stood idle for ten minutes."""
    async with (
        Line(Account(f"http://127.0.0.1:{broker.port}", "bus")).open() as line,
        bus_queues(connection_string(line.port)) as queues,
        reading(broker.connection_string, "wakeups") as reader,
    ):
        await queues.send("wakeups", b"1")
        line.cut()
        await line.mend()
        await asyncio.gather(*(queues.send("wakeups", body) for body in (b"2", b"3")))
        assert await taken(reader) == [b"1", b"2", b"3"]
    gc.collect()  # here, where it is known why


async def test_a_link_that_the_service_ended_for_standing_idle_is_opened_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It does so after ten minutes, while the connection lives on."""
    links: list[tuple[Wire, Receiver]] = []
    attach = Attaching._receiver

    def attached(self: Attaching, wire: Wire, link: Receiver, path: str) -> LinkHandler:
        if path == "wakeups":
            links.append((wire, link))
        return attach(self, wire, link, path)

    monkeypatch.setattr(Attaching, "_receiver", attached)
    with closing_at_once():
        await _after_the_end_of_a_link(links)


async def _after_the_end_of_a_link(links: list[tuple[Wire, Receiver]]) -> None:
    async with started(namespace()) as running, bus_queues(running.connection_string) as queues:
        await queues.send("wakeups", b"1")
        [(wire, link)] = links
        refuse(link, Refused("amqp:link:detach-forced", "the link stood idle"))
        wire.soon()
        await queues.send("wakeups", b"2")
        assert len(links) == 2
        async with reading(running.connection_string, "wakeups") as reader:
            found = await taken(reader)
            assert (found[0], set(found[1:])) == (b"1", {b"2"})  # the broker may have taken the first try too


async def test_what_waits_to_be_sent_is_sent_before_the_line_is_closed(connection: str) -> None:
    async with reading(connection, "wakeups") as reader:
        async with bus_queues(connection) as queues:
            sending = [asyncio.create_task(queues.send("wakeups", b"%d" % n)) for n in range(3)]
            await asyncio.sleep(0)  # they have begun
        await asyncio.gather(*sending)
        assert await taken(reader) == [b"0", b"1", b"2"]


async def test_whoever_stops_waiting_stops_nothing(connection: str) -> None:
    """A message of a batch is sent although the one who asked was broken off."""
    async with bus_queues(connection) as queues, reading(connection, "wakeups") as reader:
        sending = [asyncio.create_task(queues.send("wakeups", b"%d" % n)) for n in range(3)]
        await asyncio.sleep(0)  # they have begun
        sending[0].cancel()
        done = await asyncio.gather(*sending, return_exceptions=True)
        assert [isinstance(each, asyncio.CancelledError) for each in done] == [True, False, False]
        assert await taken(reader) == [b"0", b"1", b"2"]
