"""Poison queues in memory, for tests: verified by the same contract suite as Storage and Service Bus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection

from shared.ports import PoisonCount, PoisonMessage


class MemoryPoison:
    """PoisonQueues in memory; a test gives messages up by `give_up`."""

    def __init__(self) -> None:
        self._given_up: dict[str, dict[str, PoisonMessage]] = defaultdict(dict)

    def give_up(self, message: PoisonMessage) -> None:
        """Put a message there."""
        self._given_up[message.queue][message.letter_id] = message

    async def count(self, queue: str) -> PoisonCount:
        """See PoisonQueues.count."""
        there = self._given_up[queue].values()
        return PoisonCount(queue, len(there), min((message.since for message in there), default=None))

    async def peek(self, queue: str, limit: int) -> tuple[PoisonMessage, ...]:
        """See PoisonQueues.peek."""
        return tuple(self._given_up[queue].values())[:limit]

    async def remove(
        self,
        queue: str,
        chosen: Collection[str] | None,
        first: Callable[[PoisonMessage], Awaitable[None]],
    ) -> tuple[str, ...]:
        """See PoisonQueues.remove."""
        there = self._given_up[queue]
        wanted = [name for name in there if chosen is None or name in chosen]
        for name in wanted:
            await first(there[name])
            del there[name]
        return tuple(wanted)
