"""Functions that listen to a queue: of Storage or of Service Bus, as the settings say; none of them knows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import azure.functions as func
from msgspec import Struct

from shared.config import transport
from shared.queues import KINDS

STORAGE = "AzureWebJobsStorage"
BUS = "HEARTHLINE_BUS"

_SESSIONS = {kind.name: kind.sessions for kind in KINDS}


class Delivery(Struct, frozen=True):
    """A message as it is handed out."""

    queue: str
    message_id: str
    count: int
    """Which delivery of it this is, from 1."""
    body: bytes
    age: float = 0.0
    """Seconds of real time since it was put there."""


type Handler = Callable[[Delivery], Awaitable[None]]


def on_queue(blueprint: func.Blueprint, queue: str, name: str = "") -> Callable[[Handler], Handler]:
    """Register a function that is handed what comes on a queue; `name` where it is not the queue's own."""

    def register(handler: Handler) -> Handler:
        chosen = _on_bus if transport() == "servicebus" else _on_storage
        chosen(blueprint, queue, name or queue, handler)
        return handler

    return register


def _on_storage(blueprint: func.Blueprint, queue: str, name: str, handler: Handler) -> None:
    @blueprint.function_name(name)
    @blueprint.queue_trigger("message", queue, STORAGE)
    async def listen(message: func.QueueMessage) -> None:
        await handler(Delivery(queue, message.id or "", message.dequeue_count or 1, message.get_body()))


def _on_bus(blueprint: func.Blueprint, queue: str, name: str, handler: Handler) -> None:
    @blueprint.function_name(name)
    @blueprint.service_bus_queue_trigger("message", BUS, queue, is_sessions_enabled=_SESSIONS[queue])
    async def listen(message: func.ServiceBusMessage) -> None:
        number = f"{queue}-{message.sequence_number}"  # a message id is the sender's, and may come again
        await handler(Delivery(queue, number, message.delivery_count or 1, message.get_body()))
