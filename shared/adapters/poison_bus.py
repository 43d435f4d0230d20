"""Dead letters of Service Bus: where it moves what was handed out too often, with the reason.

https://learn.microsoft.com/azure/service-bus-messaging/service-bus-dead-letter-queues
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from shared.adapters.bus_reading import PAGE, OpenClient, body_of, dead_letters, our_failures, peeked
from shared.errors import Unavailable
from shared.fhir.instants import Instant, from_datetime
from shared.ports import PoisonCount, PoisonMessage

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusReceivedMessage
    from azure.servicebus.aio import ServiceBusReceiver

COUNTED = 1000
"""Dead letters that are counted one by one: nothing on the way of messages tells how many there are."""

_WAIT = 5.0  # seconds until a message comes that was there when somebody peeked

type First = Callable[[PoisonMessage], Awaitable[None]]


class BusPoison:
    """PoisonQueues over one namespace; a message's id is its sequence number among the dead letters."""

    def __init__(self, open_client: OpenClient, names: dict[str, str] | None = None) -> None:
        self._open_client = open_client
        self._names = names or {}

    async def count(self, queue: str) -> PoisonCount:
        """See PoisonQueues.count."""
        found = await self.peek(queue, COUNTED + 1)
        oldest = min((message.since for message in found), default=None)
        return PoisonCount(queue, min(len(found), COUNTED), oldest, len(found) > COUNTED)

    async def peek(self, queue: str, limit: int) -> tuple[PoisonMessage, ...]:
        """See PoisonQueues.peek."""
        with our_failures(queue):
            async with (
                self._open_client() as client,
                dead_letters(client, self._names.get(queue, queue)) as receiver,
            ):
                return tuple([_message(queue, each) async for each in peeked(receiver, limit)])

    async def remove(self, queue: str, chosen: Collection[str] | None, first: First) -> tuple[str, ...]:
        """See PoisonQueues.remove. Those not chosen count one delivery more after it."""
        with our_failures(queue):
            async with (
                self._open_client() as client,
                dead_letters(client, self._names.get(queue, queue)) as receiver,
            ):
                there = {str(each.sequence_number) async for each in peeked(receiver, 1 << 30)}
                return await _remove(
                    receiver, queue, there.intersection(there if chosen is None else chosen), first
                )


async def _remove(
    receiver: ServiceBusReceiver, queue: str, wanted: set[str], first: First
) -> tuple[str, ...]:
    removed: list[str] = []
    locked: list[ServiceBusReceivedMessage] = []
    try:
        while wanted and (batch := await receiver.receive_messages(PAGE, max_wait_time=_WAIT)):
            locked += batch
            for message in batch:
                name = str(message.sequence_number)
                if name in wanted:
                    await first(_message(queue, message))
                    await receiver.complete_message(message)
                    locked.remove(message)
                    wanted.remove(name)
                    removed.append(name)
    finally:
        await _unlock(receiver, queue, locked)
    return tuple(removed)


async def _unlock(receiver: ServiceBusReceiver, queue: str, locked: list[ServiceBusReceivedMessage]) -> None:
    for message in locked:
        with suppress(Unavailable, ValueError), our_failures(queue):  # else its lock ends by itself
            await receiver.abandon_message(message)


def _message(queue: str, message: ServiceBusReceivedMessage) -> PoisonMessage:
    enqueued = message.enqueued_time_utc
    why = (message.dead_letter_reason, message.dead_letter_error_description)
    return PoisonMessage(
        queue,
        str(message.sequence_number),
        body_of(message),
        Instant(0) if enqueued is None else from_datetime(enqueued),
        message.delivery_count,
        ": ".join(filter(None, why)),
    )
