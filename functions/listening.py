"""Functions that listen to a queue: of Storage or of Service Bus, as the settings say; none of them knows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import azure.functions as func
from msgspec import Struct

from functions.entries import entered
from shared.config import transport
from shared.queues import AUDITS, ENTRIES, POPULATIONS, WAKEUPS, WITH_SESSIONS
from shared.telemetry import is_on
from shared.usecases.jobs import envelope_of

STORAGE = "AzureWebJobsStorage"
BUS = "HEARTHLINE_BUS"

_APART = frozenset({AUDITS, ENTRIES, POPULATIONS, WAKEUPS})
"""Queues that a timer, or one publication, fills for thousands of patients: each has a trace of its own."""


class Delivery(Struct, frozen=True):
    """A message as it is handed out."""

    queue: str
    message_id: str
    count: int
    """Which delivery of it this is, from 1."""
    body: bytes
    age: float = 0.0
    """Seconds of real time since it was put there: of Storage with the pause it was put there with."""
    uncounted: bool = False
    """`count` leaves out deliveries that ended with a session, as a crash ends it.

    https://learn.microsoft.com/azure/service-bus-messaging/message-sessions#impact-of-delivery-count
    """


type Handler = Callable[[Delivery], Awaitable[None]]


def on_queue(blueprint: func.Blueprint, queue: str, name: str = "") -> Callable[[Handler], Handler]:
    """Register a function that is handed what comes on a queue; `name` where it is not the queue's own."""

    def register(handler: Handler) -> Handler:
        async def handed(delivery: Delivery) -> None:
            parent = envelope_of(delivery.body).trace if is_on() else ""
            with entered(name or queue, parent, apart=queue in _APART):
                await handler(delivery)

        chosen = _on_bus if transport() == "servicebus" else _on_storage
        chosen(blueprint, queue, name or queue, handed)
        return handler

    return register


def _on_storage(blueprint: func.Blueprint, queue: str, name: str, handler: Handler) -> None:
    @blueprint.function_name(name)
    @blueprint.queue_trigger("message", queue, STORAGE)
    async def listen(message: func.QueueMessage) -> None:
        count, age = message.dequeue_count or 1, _since(message.insertion_time)
        await handler(Delivery(queue, message.id or "", count, message.get_body(), age))


def _on_bus(blueprint: func.Blueprint, queue: str, name: str, handler: Handler) -> None:
    @blueprint.function_name(name)
    @blueprint.service_bus_queue_trigger("message", BUS, queue, is_sessions_enabled=queue in WITH_SESSIONS)
    async def listen(message: func.ServiceBusMessage) -> None:
        number = f"{queue}-{message.sequence_number}"  # a message id is the sender's, and may come again
        count, age = message.delivery_count or 1, _since(message.enqueued_time_utc)
        await handler(Delivery(queue, number, count, message.get_body(), age, queue in WITH_SESSIONS))


def _since(instant: datetime | None) -> float:
    """Return the seconds since the queue took a message, by its clock and ours; 0 where that is not told."""
    if instant is None:
        return 0.0
    told = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return max((datetime.now(UTC) - told).total_seconds(), 0.0)
