"""How Storage queues stand: about how many messages, since when the first waits, what was given up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection

from shared.adapters.poison_storage import SUFFIX
from shared.adapters.queue_letters import Letters
from shared.adapters.storage_rest import StorageRest
from shared.fhir.instants import SECOND
from shared.ports import QueueState


class StorageWatch:
    """QueueWatch over Storage queues; `real_time` counts seconds since 1970.

    Only what is visible can be peeked: while all is hidden, in hand or delayed, nothing waits. A message
    that was put off is a new one, so that it is no older than that.
    """

    def __init__(
        self,
        rest: StorageRest,
        names: dict[str, str] | None = None,
        real_time: Callable[[], float] = time.time,
    ) -> None:
        self._rest = rest
        self._names = names or {}
        self._real_time = real_time

    async def look(self, queues: Collection[str]) -> tuple[QueueState, ...]:
        """See QueueWatch.look."""
        return tuple(await asyncio.gather(*(self._look(queue) for queue in queues)))

    async def _look(self, queue: str) -> QueueState:
        name = self._names.get(queue, queue)
        letters = Letters(self._rest, name)
        waiting = await letters.count() or 0
        head = await letters.peek(1) if waiting else []
        oldest = max((self._real_time() - each.inserted / SECOND for each in head), default=0.0)
        poison = await Letters(self._rest, f"{name}{SUFFIX}").count() or 0
        return QueueState(queue, waiting, max(oldest, 0.0), poison)
