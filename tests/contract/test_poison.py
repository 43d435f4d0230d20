"""The PoisonQueues port over memory, Storage on Azurite and Service Bus: what nobody chose stays."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import aiohttp
import pytest
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from bus_kit import PATIENCE, closing_at_once
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storage_kit import fresh

from sandbox.service_bus.service import Running
from sandbox.service_bus.settings import Namespace, QueueSettings
from sandbox.service_bus.threaded import serving
from shared.adapters import poison_bus
from shared.adapters.poison_bus import BusPoison
from shared.adapters.poison_memory import MemoryPoison
from shared.adapters.poison_storage import StoragePoison
from shared.adapters.queue_letters import Letters
from shared.adapters.queue_rest import StorageQueues
from shared.adapters.storage_rest import StorageRest, connection_account
from shared.errors import Unavailable
from shared.fhir.instants import MINUTE, SECOND, Instant
from shared.ports import PoisonMessage, PoisonQueues
from shared.queues import CHANGES, MOST_DELIVERIES, OUTBOX

TRANSPORTS = ("memory", "storage", "bus")


class Given:
    """What a queue gave up, as a test has it."""

    def __init__(self, poison: PoisonQueues, give_up: Callable[[list[bytes]], Awaitable[None]]) -> None:
        self.poison = poison
        self._give_up = give_up

    async def up(self, *bodies: bytes) -> list[str]:
        """Give messages up, one after another; the ids that they then have."""
        await self._give_up(list(bodies))
        return [message.letter_id for message in await self.poison.peek(OUTBOX, 32)]

    async def bodies(self) -> list[bytes]:
        return [message.body for message in await self.poison.peek(OUTBOX, 32)]


async def nothing(message: PoisonMessage) -> None:
    """Do nothing before a message goes."""


@pytest.fixture(scope="module")
def broker() -> Iterator[Running]:
    """Serve any queue, made on use: each test has its own."""
    with serving(Namespace({}, QueueSettings(max_deliveries=MOST_DELIVERIES))) as running:
        yield running


def client(broker: Running) -> ServiceBusClient:
    return ServiceBusClient.from_connection_string(broker.connection_string, retry_total=0)


def dead(broker: Running, name: str) -> BusPoison:
    """Open the dead letters of a queue, for OUTBOX and CHANGES."""
    return BusPoison(lambda: client(broker), {OUTBOX: name, CHANGES: name})


async def fail(broker: Running, queue: str, body: bytes, session: str | None = None) -> None:
    """Send a message, and fail it until Service Bus gives it up."""
    async with client(broker) as opened, opened.get_queue_sender(queue) as sender:
        await sender.send_messages(ServiceBusMessage(body, session_id=session))
        named = {"session_id": NEXT_AVAILABLE_SESSION} if session else {}
        async with opened.get_queue_receiver(queue, **named) as receiver:
            for _ in range(MOST_DELIVERIES):
                (got,) = await receiver.receive_messages(1, max_wait_time=PATIENCE)
                await receiver.abandon_message(got)


async def bury(broker: Running, queue: str, bodies: list[bytes]) -> None:
    """Send messages, and have each dead-lettered by who receives it."""
    if not bodies:
        return
    async with client(broker) as opened, opened.get_queue_sender(queue) as sender:
        await sender.send_messages([ServiceBusMessage(body) for body in bodies])
        async with opened.get_queue_receiver(queue) as receiver:
            for _ in bodies:
                (got,) = await receiver.receive_messages(1, max_wait_time=PATIENCE)
                await receiver.dead_letter_message(got, reason="Rejected", error_description="by a test")


@pytest.fixture(params=TRANSPORTS)
async def outbox(request: pytest.FixtureRequest) -> AsyncIterator[Given]:
    """Make what OUTBOX gave up, empty, of each kind."""
    if request.param == "memory":
        memory, numbers = MemoryPoison(), iter(range(1, 1000))

        async def keep(bodies: list[bytes]) -> None:
            for body in bodies:
                memory.give_up(PoisonMessage(OUTBOX, str(next(numbers)), body, now()))

        yield Given(memory, keep)
    elif request.param == "storage":
        async with aiohttp.ClientSession() as session:
            account = connection_account(request.getfixturevalue("azurite"), "queue")
            rest, name = StorageRest(account, session), fresh("outbox")
            queues = StorageQueues(rest)
            await queues.create(f"{name}-poison")

            async def put(bodies: list[bytes]) -> None:
                for body in bodies:
                    await queues.send(f"{name}-poison", body)

            yield Given(StoragePoison(rest, {OUTBOX: name}), put)
    else:
        broker, name = request.getfixturevalue("broker"), fresh("outbox")
        with closing_at_once():
            yield Given(dead(broker, name), lambda bodies: bury(broker, name, bodies))


def now() -> Instant:
    return Instant(time.time_ns() // 1000)


async def test_a_queue_that_gave_nothing_up_is_empty(outbox: Given) -> None:
    counted = await outbox.poison.count(OUTBOX)
    assert (counted.count, counted.oldest, counted.more) == (0, None, False)
    assert await outbox.poison.peek(OUTBOX, 10) == ()
    assert await outbox.poison.remove(OUTBOX, None, nothing) == ()


async def test_what_was_given_up_is_counted_and_shown_as_often_as_one_looks(outbox: Given) -> None:
    first, second = b'{"a": 1}', "Núñez \x00".encode()
    await outbox.up(first, second)
    for _ in range(2):
        found = await outbox.poison.peek(OUTBOX, 10)
        assert [(each.queue, each.body) for each in found] == [(OUTBOX, first), (OUTBOX, second)]
        assert len({each.letter_id for each in found}) == 2
        assert all(now() - MINUTE < each.since <= now() + SECOND for each in found)
    assert len(await outbox.poison.peek(OUTBOX, 1)) == 1
    counted = await outbox.poison.count(OUTBOX)
    assert (counted.count, counted.oldest) == (2, found[0].since)


async def test_the_chosen_are_removed_and_the_others_stay_as_they_are(outbox: Given) -> None:
    one, _, three = await outbox.up(b"1", b"2", b"3")
    seen: list[bytes] = []

    async def see(message: PoisonMessage) -> None:
        seen.append(message.body)

    assert sorted(await outbox.poison.remove(OUTBOX, [three, one, "nowhere"], see)) == sorted([one, three])
    assert sorted(seen) == [b"1", b"3"]
    assert await outbox.bodies() == [b"2"]


async def test_all_can_be_removed_at_once(outbox: Given) -> None:
    ids = await outbox.up(b"1", b"2", b"3")
    assert sorted(await outbox.poison.remove(OUTBOX, None, nothing)) == sorted(ids)
    assert await outbox.bodies() == []


async def test_what_fails_beforehand_leaves_it_and_the_rest_where_they_are(outbox: Given) -> None:
    """A crash between the two can double a message, and never loses one."""
    await outbox.up(b"1", b"2", b"3")

    async def fails(message: PoisonMessage) -> None:
        if message.body == b"2":
            raise Unavailable("nobody takes it")

    with pytest.raises(Unavailable, match="nobody takes it"):
        await outbox.poison.remove(OUTBOX, None, fails)
    assert await outbox.bodies() == [b"2", b"3"]
    assert len(await outbox.poison.remove(OUTBOX, None, nothing)) == 2


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), many=st.integers(0, 70))
@pytest.mark.parametrize("transport", ["memory", "storage"])
def test_whatever_is_chosen_the_rest_stays(
    request: pytest.FixtureRequest, transport: str, data: st.DataObject, many: int
) -> None:
    """For any number of messages and any choice, more than one request takes included."""

    def choose(shown: list[str]) -> set[str]:
        return set(data.draw(st.lists(st.sampled_from(shown)))) if shown else set()

    asyncio.run(_holds(request, transport, choose, many))


@pytest.mark.parametrize("many", [40])
async def test_whatever_dead_letters_are_chosen_the_rest_stays(
    request: pytest.FixtureRequest, many: int
) -> None:
    with closing_at_once():
        await _holds(request, "bus", lambda shown: set(shown[::3]), many)


async def _holds(
    request: pytest.FixtureRequest, transport: str, choose: Callable[[list[str]], set[str]], many: int
) -> None:
    async with aiohttp.ClientSession() as session:
        poison = await _filled(request, transport, session, many)
        shown = [each.letter_id for each in await poison.peek(OUTBOX, 32)]
        assert len(shown) == len(set(shown)) == min(many, 32)
        chosen = choose(shown)
        assert set(await poison.remove(OUTBOX, chosen, nothing)) == chosen
        left = many - len(chosen)
        assert (await poison.count(OUTBOX)).count == left
        assert len({each.letter_id for each in await poison.peek(OUTBOX, 32)} - chosen) == min(left, 32)
        assert len(await poison.remove(OUTBOX, None, nothing)) == left
        assert (await poison.count(OUTBOX)).count == 0


async def _filled(
    request: pytest.FixtureRequest, transport: str, session: aiohttp.ClientSession, many: int
) -> PoisonQueues:
    bodies = [str(number).encode() for number in range(many)]
    if transport == "memory":
        memory = MemoryPoison()
        for body in bodies:
            memory.give_up(PoisonMessage(OUTBOX, body.decode(), body, now()))
        return memory
    if transport == "storage":
        rest = StorageRest(connection_account(request.getfixturevalue("azurite"), "queue"), session)
        queues, name = StorageQueues(rest), fresh("many")
        await queues.create(f"{name}-poison")
        await asyncio.gather(*(queues.send(f"{name}-poison", body) for body in bodies))
        return StoragePoison(rest, {OUTBOX: name})
    broker, name = request.getfixturevalue("broker"), fresh("many")
    await bury(broker, name, bodies)
    return dead(broker, name)


async def test_dead_letters_tell_why_and_how_often_they_were_tried(broker: Running) -> None:
    name = fresh("told")
    with closing_at_once():
        await fail(broker, name, b"tried")
        await bury(broker, name, [b"buried"])
        tried, buried = await dead(broker, name).peek(OUTBOX, 10)
    assert tried.deliveries == MOST_DELIVERIES
    assert tried.reason.startswith("MaxDeliveryCountExceeded: ")
    assert (buried.deliveries, buried.reason) == (0, "Rejected: by a test")


async def test_a_queue_with_sessions_has_dead_letters_without(broker: Running) -> None:
    name = fresh("sessions")
    with closing_at_once():
        await fail(broker, name, b"one", session="a")
        await fail(broker, name, b"two", session="b")
        poison = dead(broker, name)
        one, two = await poison.peek(CHANGES, 10)
        assert [(each.body, each.deliveries) for each in (one, two)] == [(b"one", 8), (b"two", 8)]
        assert await poison.remove(CHANGES, [two.letter_id], nothing) == (two.letter_id,)
        assert [each.body for each in await poison.peek(CHANGES, 10)] == [b"one"]


async def test_counting_dead_letters_ends(broker: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poison_bus, "COUNTED", 3)
    name = fresh("counted")
    with closing_at_once():
        await bury(broker, name, [b"1", b"2", b"3", b"4"])
        counted = await dead(broker, name).count(OUTBOX)
    assert (counted.count, counted.more) == (3, True)


async def test_who_does_not_answer_is_unavailable_and_not_named() -> None:
    gone = "Endpoint=sb://127.0.0.1:9;SharedAccessKeyName=n;SharedAccessKey=k;UseDevelopmentEmulator=true"
    away = BusPoison(lambda: ServiceBusClient.from_connection_string(gone, retry_total=0))
    with pytest.raises(Unavailable, match="did not answer") as caught:
        await away.count(OUTBOX)
    assert "127.0.0.1" not in str(caught.value)


async def test_text_that_is_not_base64_is_shown_as_it_is(azurite: str) -> None:
    """Somebody else's client may have put it there: it is poison at once."""
    async with aiohttp.ClientSession() as session:
        rest, name = StorageRest(connection_account(azurite, "queue"), session), fresh("plain")
        await StorageQueues(rest).create(f"{name}-poison")
        xml = b"<QueueMessage><MessageText>not &lt;base64&gt;!</MessageText></QueueMessage>"
        await rest.queue("POST", f"{name}-poison/messages", {}, xml)
        (found,) = await StoragePoison(rest, {OUTBOX: name}).peek(OUTBOX, 1)
    assert found.body == b"not <base64>!"


async def test_a_message_that_somebody_else_took_meanwhile_is_not_said_to_be_gone(azurite: str) -> None:
    """Its lease has run out while we were busy: it is there twice perhaps, and lost in no case."""
    async with aiohttp.ClientSession() as session:
        rest, name = StorageRest(connection_account(azurite, "queue"), session), fresh("taken")
        await StorageQueues(rest).create(f"{name}-poison")
        await StorageQueues(rest).send(f"{name}-poison", b"x")
        letters = Letters(rest, f"{name}-poison")
        (taken,) = await letters.take(1, 60)
        await letters.show(taken)
        (again,) = await letters.take(1, 60)
        assert await letters.delete(taken) is False
        await letters.show(taken)
        assert await letters.delete(again) is True
