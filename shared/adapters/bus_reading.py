"""Reading Service Bus queues for those who watch and repair: peek without taking, and failures in our words.

What carries the product's messages is shared.adapters.bus_queues and the Functions host.
https://learn.microsoft.com/azure/service-bus-messaging/message-browsing
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.errors import Unavailable

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusReceivedMessage
    from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver

type OpenClient = Callable[[], ServiceBusClient]

PAGE = 100
"""Messages that are asked for at once; the service may show fewer."""


def dead_letters(client: ServiceBusClient, name: str) -> ServiceBusReceiver:
    """Open a queue's dead letters: a queue of their own, without sessions.

    https://learn.microsoft.com/azure/service-bus-messaging/service-bus-dead-letter-queues
    """
    return client.get_queue_receiver(name, sub_queue="deadletter")


async def peeked(receiver: ServiceBusReceiver, limit: int) -> AsyncIterator[ServiceBusReceivedMessage]:
    """Walk the first `limit` messages by their sequence numbers, whatever their state, taking none."""
    number = 1
    while limit > 0 and (page := await receiver.peek_messages(min(limit, PAGE), sequence_number=number)):
        for message in page:
            yield message
        limit -= len(page)
        number = (page[-1].sequence_number or 0) + 1


def body_of(message: ServiceBusReceivedMessage) -> bytes:
    """Return what a message holds; one that others wrote may hold no bytes."""
    from azure.servicebus.amqp import AmqpMessageBodyType

    if message.body_type == AmqpMessageBodyType.DATA:
        return b"".join(message.body)
    return str(message).encode()


@contextmanager
def our_failures(queue: str) -> Iterator[None]:
    """Raise Unavailable for whatever the SDK raises; its own text can name the namespace."""
    from azure.core.exceptions import AzureError
    from azure.servicebus.exceptions import MessagingEntityNotFoundError

    try:
        yield
    except MessagingEntityNotFoundError:
        raise Unavailable(f"Service Bus has no queue {queue}: the deployment makes them") from None
    except (AzureError, OSError) as failed:
        raise Unavailable(f"Service Bus did not answer ({type(failed).__name__})") from None
