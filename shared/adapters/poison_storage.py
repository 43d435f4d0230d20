"""Poison queues in Storage: where the Functions host puts what failed too often, `<queue>-poison`.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#poison-messages
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress

from shared.adapters.queue_letters import Letter, Letters
from shared.adapters.storage_rest import StorageRest
from shared.errors import Unavailable
from shared.ports import PoisonCount, PoisonMessage

SUFFIX = "-poison"

HIDDEN = 120
"""Seconds for which what is taken is hidden from others: a crash brings it back after that."""


class StoragePoison:
    """PoisonQueues over Storage queues.

    Storage tells neither why a message was given up nor how often it was tried; it shows 32 at once.
    """

    def __init__(self, rest: StorageRest, names: dict[str, str] | None = None) -> None:
        self._rest = rest
        self._names = names or {}

    async def count(self, queue: str) -> PoisonCount:
        """See PoisonQueues.count."""
        letters = self._letters(queue)
        found = await letters.count() or 0
        head = await letters.peek(1) if found else []
        return PoisonCount(queue, found, head[0].inserted if head else None)

    async def peek(self, queue: str, limit: int) -> tuple[PoisonMessage, ...]:
        """See PoisonQueues.peek: 32 at most."""
        letters = self._letters(queue)
        return tuple(_message(queue, letter) for letter in await letters.peek(limit))

    async def remove(
        self,
        queue: str,
        chosen: Collection[str] | None,
        first: Callable[[PoisonMessage], Awaitable[None]],
    ) -> tuple[str, ...]:
        """See PoisonQueues.remove."""
        letters, wanted = self._letters(queue), None if chosen is None else set(chosen)
        left = await letters.count() or 0
        removed: list[str] = []
        hidden: dict[str, Letter] = {}
        try:
            while left > 0 and wanted != set() and (batch := await letters.take(left, HIDDEN)):
                left -= len(batch)
                hidden |= {letter.letter_id: letter for letter in batch}
                for letter in batch:
                    if wanted is None or letter.letter_id in wanted:
                        await first(_message(queue, letter))
                        if await letters.delete(hidden.pop(letter.letter_id)):
                            removed.append(letter.letter_id)
                        if wanted is not None:
                            wanted.discard(letter.letter_id)
        finally:
            for letter in hidden.values():
                with suppress(Unavailable):  # it comes back by itself
                    await letters.show(letter)
        return tuple(removed)

    def _letters(self, queue: str) -> Letters:
        return Letters(self._rest, f"{self._names.get(queue, queue)}{SUFFIX}")


def _message(queue: str, letter: Letter) -> PoisonMessage:
    return PoisonMessage(queue, letter.letter_id, letter.body, letter.inserted)
