"""Queues that nobody listens to any more, after a switch of transports: everything out, nothing lost.

A message goes only after whoever asked has it elsewhere. For `hearthline move-queues`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.bus_reading import PAGE, OpenClient, body_of, our_failures
from shared.adapters.queue_letters import MOST, Letters
from shared.adapters.storage_rest import StorageRest
from shared.ports import First, LeftMessage
from shared.queues import WITH_SESSIONS

if TYPE_CHECKING:
    from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver

HIDDEN = 120
"""Seconds for which what is taken out of Storage is hidden: a crash brings it back after that."""

WAIT = 5.0
"""Seconds after which a queue of Service Bus that hands nothing out counts as empty."""


class StorageLeft:
    """LeftBehind over Storage queues."""

    def __init__(self, rest: StorageRest, names: dict[str, str] | None = None) -> None:
        self._rest = rest
        self._names = names or {}

    async def take_out(self, queue: str, first: First) -> int:
        """See LeftBehind.take_out."""
        letters, taken = self._letters(queue), 0
        while batch := await letters.take(MOST, HIDDEN):
            for letter in batch:
                await first(LeftMessage(letter.letter_id, letter.body))
                taken += await letters.delete(letter)
        return taken

    async def waiting(self, queue: str) -> int | None:
        """See LeftBehind.waiting."""
        return await self._letters(queue).count() or 0

    def _letters(self, queue: str) -> Letters:
        return Letters(self._rest, self._names.get(queue, queue))


class BusLeft:
    """LeftBehind over a namespace of Service Bus."""

    def __init__(self, open_client: OpenClient, wait: float = WAIT) -> None:
        self._open_client = open_client
        self._wait = wait

    async def take_out(self, queue: str, first: First) -> int:
        """See LeftBehind.take_out."""
        with our_failures(queue):
            async with self._open_client() as client:
                if queue in WITH_SESSIONS:
                    return await self._sessions(client, queue, first)
                async with client.get_queue_receiver(queue) as receiver:
                    return await self._all(receiver, queue, first)

    async def waiting(self, queue: str) -> int | None:
        """See LeftBehind.waiting: None where only who holds a session may look."""
        if queue in WITH_SESSIONS:
            return None
        with our_failures(queue):
            async with self._open_client() as client, client.get_queue_receiver(queue) as receiver:
                return len(await receiver.peek_messages(PAGE, sequence_number=1))

    async def _sessions(self, client: ServiceBusClient, queue: str, first: First) -> int:
        from azure.servicebus import NEXT_AVAILABLE_SESSION
        from azure.servicebus.exceptions import OperationTimeoutError

        taken = 0
        while True:
            opening = client.get_queue_receiver(
                queue, session_id=NEXT_AVAILABLE_SESSION, max_wait_time=self._wait
            )
            try:
                async with opening as receiver:
                    taken += await self._all(receiver, queue, first)
            except OperationTimeoutError:  # no session has messages
                return taken

    async def _all(self, receiver: ServiceBusReceiver, queue: str, first: First) -> int:
        taken = 0
        wait = min(self._wait, 1.0) if queue in WITH_SESSIONS else self._wait
        while batch := await receiver.receive_messages(PAGE, max_wait_time=wait):
            for message in batch:
                await first(LeftMessage(f"{queue}-{message.sequence_number}", body_of(message)))
                await receiver.complete_message(message)
                taken += 1
        return taken
