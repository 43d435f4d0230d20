"""The Queue port over Service Bus: sessions, repetitions, schedules; `servicebus` in HEARTHLINE_TRANSPORT.

Queues are made by Bicep, never here. https://learn.microsoft.com/azure/service-bus-messaging/.
The SDK is imported when the adapter is made, not when the module is: it costs much of a cold start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from shared.adapters.bus_lane import Lane
from shared.adapters.identity import AsyncCredential
from shared.adapters.queue_rest import check_body, hidden_for
from shared.config import Settings
from shared.queues import WITH_SESSIONS

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.servicebus import ServiceBusMessage
    from azure.servicebus.aio import ServiceBusClient

LONGEST_ID = 128
"""Characters of a message id or session id at most.

https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas
"""

ONE_TRY: dict[str, Any] = {"retry_total": 0}
"""The client tries once: the lane decides what is worth a second try, and with a new sender."""


class BusQueues:
    """The Queue port over one namespace; a sender for each queue is opened at first use and kept."""

    def __init__(
        self, open_client: Callable[[], ServiceBusClient], names: dict[str, str] | None = None
    ) -> None:
        self._open_client = open_client
        self._client: ServiceBusClient | None = None
        self._names = names or {}
        self._lanes: dict[str, Lane] = {}

    async def send(
        self, queue: str, body: bytes, delay: float = 0.0, *, session: str = "", once: str = ""
    ) -> None:
        """Put a message; `delay` in seconds, a week at most. Raises Unavailable, ValueError if too large.

        The limits of a body and a delay are those of Storage queues, so that transports can be exchanged.
        A queue with sessions takes nothing without one: what belongs to none has one of its own.
        """
        check_body(body)
        turn = (session or uuid4().hex) if queue in WITH_SESSIONS else ""
        await self._lane(queue).send(message(body, delay, turn, once), len(body))

    async def reach(self, queue: str) -> None:
        """Look whether the namespace answers, and lets us open a line to a queue. Raises Unavailable.

        Whether the queue is there shows when something is sent: the refusal comes after the line is open.
        """
        await self._lane(queue).reach()

    async def close(self) -> None:
        """Hang up, once what waits to be sent is sent."""
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))
        if self._client is not None:
            await self._client.close()

    def _lane(self, queue: str) -> Lane:
        if queue not in self._lanes:
            name = self._names.get(queue, queue)
            client = self._client = self._client or self._open_client()
            self._lanes[queue] = Lane(name, lambda: client.get_queue_sender(name))
        return self._lanes[queue]


def open_bus(chosen: Settings, credential: Callable[[], AsyncCredential]) -> BusQueues:
    """Return the queues of the namespace that settings name."""
    return BusQueues(bus_client(chosen, credential))


def bus_client(chosen: Settings, credential: Callable[[], AsyncCredential]) -> Callable[[], ServiceBusClient]:
    """Return what opens a client of the namespace that settings name: by connection string, or identity."""

    def open_client() -> ServiceBusClient:
        from azure.servicebus.aio import ServiceBusClient

        if chosen.bus is not None:  # the sandbox's: on Azure there are no keys
            return ServiceBusClient.from_connection_string(chosen.bus.get_secret_value(), **ONE_TRY)
        identity = cast("AsyncTokenCredential", credential())  # the part of it that we name elsewhere
        return ServiceBusClient(chosen.bus_namespace, identity, **ONE_TRY)

    return open_client


def message(body: bytes, delay: float, session: str, once: str) -> ServiceBusMessage:
    """Make the message: `once` is its id, so that the queue knows a repetition; else no two are the same."""
    from azure.servicebus import ServiceBusMessage

    seconds = hidden_for(delay)
    return ServiceBusMessage(
        body,
        message_id=short(once) if once else uuid4().hex,
        session_id=short(session) if session else None,
        scheduled_enqueue_time_utc=datetime.now(UTC) + timedelta(seconds=seconds) if seconds else None,
    )


def short(text: str) -> str:
    """Return an id that fits: the text itself, or what stands for a longer one."""
    return text if len(text) <= LONGEST_ID else sha256(text.encode()).hexdigest()
