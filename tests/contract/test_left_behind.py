"""What a transport left behind is brought over: all of it, in its turn, as the same trigger."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from azure.servicebus.aio import ServiceBusClient
from bus_kit import body_of, bus_queues, closing_at_once, reading
from click.testing import Result
from msgspec.structs import replace
from storage_kit import fresh
from typer.testing import CliRunner

from cli.main import app
from sandbox.service_bus.service import Running
from sandbox.service_bus.settings import namespace
from sandbox.service_bus.threaded import serving
from shared.adapters.left_behind import BusLeft, StorageLeft
from shared.adapters.queue_letters import Letters
from shared.adapters.queue_rest import StorageQueues
from shared.adapters.storage_rest import StorageRest, connection_account
from shared.errors import Unavailable
from shared.fhir.instants import Instant
from shared.ports import LeftBehind, LeftMessage, Queue
from shared.queues import CHANGES, NOTIFICATIONS, OUTBOX
from shared.usecases.jobs import Change, Envelope, Wake, decode_job, encode_job, envelope_of
from shared.usecases.moving import handed_on, move
from tests.unit.memory_kit import Time, in_memory
from tests.unit.queue_kit import Written

QUEUES = (CHANGES, OUTBOX, NOTIFICATIONS)
CHANGE = Change("Observation", "1", "2", "updated")
WAKE = Wake("somebody", Instant(5))
EVENT = b'[{"eventType": "x"}]'


class Old:
    """A transport that was in use: what put messages there, and what takes them out."""

    def __init__(self, queue: Queue, left: LeftBehind) -> None:
        self.queue = queue
        self.left = left

    async def send(self, queue: str, body: bytes, delay: float = 0.0, session: str = "") -> None:
        await self.queue.send(queue, body, delay, session=session)


@pytest.fixture
def broker() -> Iterator[Running]:
    """Serve the product's own namespace."""
    with serving(namespace()) as running, closing_at_once():
        yield running


@asynccontextmanager
async def _storage(connection: str) -> AsyncIterator[Old]:
    names = {name: fresh("left") for name in QUEUES}
    async with aiohttp.ClientSession() as session:
        rest = StorageRest(connection_account(connection, "queue"), session)
        queues = StorageQueues(rest, names)
        for name in QUEUES:
            await queues.create(name)
        yield Old(queues, StorageLeft(rest, names))


@pytest.fixture(params=["storage", "bus"])
async def old(request: pytest.FixtureRequest) -> AsyncIterator[Old]:
    """Give a transport of each kind."""
    if request.param == "storage":
        async with _storage(request.getfixturevalue("azurite")) as opened:
            yield opened
        return
    connection = request.getfixturevalue("broker").connection_string
    left = BusLeft(lambda: ServiceBusClient.from_connection_string(connection, retry_total=0), 0.5)
    async with bus_queues(connection) as queues:
        yield Old(queues, left)


async def test_everything_is_brought_over_in_its_turn(old: Old) -> None:
    await old.send(CHANGES, encode_job(CHANGE), session="a")
    await old.send(CHANGES, encode_job(replace(CHANGE, key="somebody")), session="b")
    await old.send(OUTBOX, encode_job(WAKE))
    await old.send(NOTIFICATIONS, EVENT)
    new = Written()
    services = replace(in_memory(Time()), queue=new)
    assert [await move(services, old.left, queue) for queue in QUEUES] == [2, 1, 1]
    assert [await move(services, old.left, queue) for queue in QUEUES] == [0, 0, 0]
    assert sorted((sent.queue, sent.session) for sent in new.sent) == [
        (CHANGES, "Observation/1"),
        (CHANGES, "somebody"),
        (NOTIFICATIONS, ""),
        (OUTBOX, ""),
    ]
    assert {sent.once for sent in new.sent} == {""}
    [wake] = [sent.body for sent in new.sent if sent.queue == OUTBOX]
    assert decode_job(wake) == WAKE
    assert envelope_of(wake).deliveries == 1
    assert envelope_of(wake).trigger
    assert [sent.body for sent in new.sent if sent.queue == NOTIFICATIONS] == [EVENT]


async def test_what_is_put_off_stays_and_is_told_of(old: Old) -> None:
    await old.send(OUTBOX, b"later", 60.0)
    await old.send(OUTBOX, b"now")
    new = Written()
    assert await move(replace(in_memory(Time()), queue=new), old.left, OUTBOX) == 1
    assert [sent.body for sent in new.sent] == [b"now"]
    assert await old.left.waiting(OUTBOX) == 1


class Down(Written):
    """A queue that takes one message and no other."""

    async def send(
        self, queue: str, body: bytes, delay: float = 0.0, *, session: str = "", once: str = ""
    ) -> None:
        if self.sent:
            raise Unavailable("down")
        await super().send(queue, body, delay, session=session, once=once)


async def test_what_the_new_transport_did_not_take_stays_in_the_old(old: Old) -> None:
    for body in (b"1", b"2", b"3"):
        await old.send(OUTBOX, body)
    services = replace(in_memory(Time()), queue=Down())
    with pytest.raises(Unavailable, match="down"):
        await move(services, old.left, OUTBOX)
    assert await old.left.waiting(OUTBOX) == 2


def test_a_job_that_was_put_off_before_stays_the_first_trigger() -> None:
    along = Envelope(trace="t", trigger="first", deliveries=4)
    body, session = handed_on(LeftMessage("second", encode_job(CHANGE, along)))
    assert envelope_of(body) == Envelope("t", "first", 5)
    assert (decode_job(body), session) == (CHANGE, "Observation/1")


def _file(path: Path, **values: str) -> Path:
    base = {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "HEARTHLINE_FHIR_URL": "http://127.0.0.1:9"}
    path.write_text(json.dumps({"Values": {**base, **values}}))
    return path


async def _run(command: list[str]) -> Result:
    """Run a command, which has an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, command)


async def test_the_command_brings_over_and_tells_of_it(azurite: str, broker: Running, tmp_path: Path) -> None:
    before = _file(tmp_path / "old.json", AzureWebJobsStorage=azurite)
    bus = {"HEARTHLINE_TRANSPORT": "servicebus", "HEARTHLINE_BUS": broker.connection_string}
    after = _file(tmp_path / "new.json", AzureWebJobsStorage=azurite, **bus)
    async with aiohttp.ClientSession() as session:
        rest = StorageRest(connection_account(azurite, "queue"), session)
        await StorageQueues(rest).create(CHANGES)
        await StorageQueues(rest).send(CHANGES, encode_job(CHANGE))
        command = ["move-queues", "--from", str(before), "--settings", str(after)]
        result = await _run(command)
        assert "changes: " in result.output
        assert result.output.endswith("Nothing is left there that could be moved now.\n")
        assert await Letters(rest, CHANGES).count() == 0
    async with reading(broker.connection_string, CHANGES, "Observation/1") as reader:
        assert [decode_job(body_of(message)) for message in await reader.take()] == [CHANGE]


async def test_the_command_does_not_move_a_queue_onto_itself(azurite: str, tmp_path: Path) -> None:
    same = _file(tmp_path / "same.json", AzureWebJobsStorage=azurite)
    result = await _run(["move-queues", "--from", str(same), "--settings", str(same)])
    assert result.exit_code == 1
    assert "both settings name the same queues" in result.output
