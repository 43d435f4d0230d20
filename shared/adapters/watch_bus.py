"""How Service Bus queues stand, as far as those know who may only send and receive.

How many messages wait is told to those alone who may manage a namespace, and by the platform's own metrics:
https://learn.microsoft.com/azure/service-bus-messaging/monitor-service-bus-reference
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from shared.adapters.bus_reading import OpenClient, dead_letters, our_failures, peeked
from shared.ports import QueueState
from shared.queues import WITH_SESSIONS

if TYPE_CHECKING:
    from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver

COUNTED = 250
"""Dead letters that are counted: nobody needs to know more to be alarmed."""

HEAD = 32
"""Messages that are looked at from the first on: scheduled ones are shown too."""

_FREE = 1.0  # seconds to wait for a session that nobody works on


class BusWatch:
    """QueueWatch over one namespace; `real_time` counts seconds since 1970.

    A look opens two lines a queue, all at once: the SDK waits a second for the end of each, and whoever hosts
    functions bills by the second.

    A queue with sessions shows its messages only to who holds the session: the age is that of the head of one
    session which nobody works on, held for the moment of the look; others may be older.
    """

    def __init__(
        self,
        open_client: OpenClient,
        names: dict[str, str] | None = None,
        real_time: Callable[[], float] = time.time,
    ) -> None:
        self._open_client = open_client
        self._names = names or {}
        self._real_time = real_time

    async def look(self, queues: Collection[str]) -> tuple[QueueState, ...]:
        """See QueueWatch.look."""
        async with self._open_client() as client:
            return tuple(await asyncio.gather(*(self._look(client, queue) for queue in queues)))

    async def _look(self, client: ServiceBusClient, queue: str) -> QueueState:
        name = self._names.get(queue, queue)
        look = _first_free if queue in WITH_SESSIONS else _first
        with our_failures(queue):
            poison, first = await asyncio.gather(_count(client, name), look(client, name))
        return QueueState(queue, None, max(self._real_time() - first, 0.0) if first else 0.0, poison)


async def _count(client: ServiceBusClient, name: str) -> int:
    async with dead_letters(client, name) as receiver:
        return len([each async for each in peeked(receiver, COUNTED)])


async def _first(client: ServiceBusClient, name: str) -> float:
    """Return when the first message was put on a queue, in seconds since 1970; 0 where none waits."""
    async with client.get_queue_receiver(name) as receiver:
        return await _oldest(receiver)


async def _first_free(client: ServiceBusClient, name: str) -> float:
    """Do the same for a session that nobody works on."""
    from azure.servicebus import NEXT_AVAILABLE_SESSION
    from azure.servicebus.exceptions import OperationTimeoutError

    receiver = client.get_queue_receiver(name, session_id=NEXT_AVAILABLE_SESSION)
    try:
        async with asyncio.timeout(_FREE), receiver:
            return await _oldest(receiver)
    except (TimeoutError, OperationTimeoutError):
        return 0.0


async def _oldest(receiver: ServiceBusReceiver) -> float:
    from azure.servicebus import ServiceBusMessageState

    since = [
        each.enqueued_time_utc.timestamp()
        async for each in peeked(receiver, HEAD)
        if each.state == ServiceBusMessageState.ACTIVE and each.enqueued_time_utc
    ]
    return min(since, default=0.0)
