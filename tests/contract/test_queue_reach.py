"""Whether queues can be reached: Storage and Service Bus there, without the queue (Storage), and away."""

from __future__ import annotations

from collections.abc import Iterator

import aiohttp
import pytest
from bus_kit import body_of, bus_queues, closing_at_once, reading
from storage_kit import fresh

from sandbox.service_bus.service import Running
from sandbox.service_bus.settings import connection_string, namespace
from sandbox.service_bus.threaded import serving
from shared.adapters.queue_rest import StorageQueues
from shared.adapters.storage_rest import Account, StorageRest, connection_account
from shared.errors import Unavailable
from shared.queues import CHANGES, WAKEUPS

pytestmark = [
    # when its line breaks, the Service Bus SDK leaves the socket to the garbage collector
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:loop is closed:ResourceWarning"),
]


@pytest.fixture
def broker() -> Iterator[Running]:
    """Serve the product's own namespace."""
    with serving(namespace()) as running, closing_at_once():
        yield running


async def test_storage_is_reached_where_the_queue_is(azurite: str) -> None:
    async with aiohttp.ClientSession() as session:
        queues = StorageQueues(StorageRest(connection_account(azurite, "queue"), session))
        name = fresh("reach")
        with pytest.raises(Unavailable, match="the queue service answered 404"):
            await queues.reach(name)
        await queues.create(name)
        await queues.reach(name)


async def test_storage_that_is_away_is_not_reached() -> None:
    async with aiohttp.ClientSession() as session:
        away = Account("http://127.0.0.1:1/account", "account", b"key")
        with pytest.raises(Unavailable, match="storage did not answer"):
            await StorageQueues(StorageRest(away, session)).reach(CHANGES)


@pytest.mark.parametrize("queue", [CHANGES, WAKEUPS])
async def test_the_bus_is_reached_and_nothing_is_sent(broker: Running, queue: str) -> None:
    connection = connection_string(broker.port)
    async with bus_queues(connection) as queues:
        await queues.reach(queue)
        await queues.reach(queue)  # by the line that is open
        await queues.send(queue, b"afterwards", session="s")
        async with reading(connection, queue, "s" if queue == CHANGES else None) as reader:
            assert [body_of(message) for message in await reader.take()] == [b"afterwards"]


async def test_a_bus_that_is_away_is_not_reached() -> None:
    with serving(namespace()) as running:
        connection = connection_string(running.port)
    async with bus_queues(connection) as queues:
        with pytest.raises(Unavailable, match="took nothing for changes"):
            await queues.reach(CHANGES)
