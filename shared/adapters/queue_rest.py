"""Storage queues over REST, the default transport: put, and what the sandbox's host and tools need more.

https://learn.microsoft.com/rest/api/storageservices/queue-service-rest-api
"""

from __future__ import annotations

import base64
from math import ceil

from shared.adapters.storage_rest import StorageRest
from shared.errors import Unavailable

MAX_BODY = 48 * 1024
"""Bytes of a body: 64 KiB of base64, less the envelope."""

_WEEK = 7 * 24 * 3600
"""Seconds: the longest visibility timeout."""


class StorageQueues:
    """The Queue port over Azure Storage queues; bodies are base64, as the Functions host expects."""

    def __init__(self, rest: StorageRest, names: dict[str, str] | None = None) -> None:
        self._rest = rest
        self._names = names or {}

    async def send(
        self, queue: str, body: bytes, delay: float = 0.0, *, session: str = "", once: str = ""
    ) -> None:
        """Put a message; `delay` in seconds, a week at most. Raises Unavailable, ValueError if too large.

        Storage queues know neither sessions nor repetitions.
        """
        check_body(body)
        text = base64.b64encode(body).decode()
        xml = f"<QueueMessage><MessageText>{text}</MessageText></QueueMessage>".encode()
        query = {"visibilitytimeout": str(hidden_for(delay)), "messagettl": "-1"}
        answer = await self._rest.queue("POST", f"{self._names.get(queue, queue)}/messages", query, xml)
        if answer.status != 201:
            raise Unavailable(f"the queue service answered {answer.status}")

    async def reach(self, queue: str) -> None:
        """Look whether a queue is there and may be used. Raises Unavailable."""
        answer = await self._rest.queue("GET", self._names.get(queue, queue), {"comp": "metadata"})
        if answer.status != 200:
            raise Unavailable(f"the queue service answered {answer.status}")

    async def create(self, queue: str) -> None:
        """Make a queue unless it exists."""
        answer = await self._rest.queue("PUT", self._names.get(queue, queue), {})
        if answer.status not in {201, 204, 409}:
            raise Unavailable(f"the queue service answered {answer.status}")


def check_body(body: bytes) -> None:
    """Raise ValueError for a body that no message can hold."""
    if len(body) > MAX_BODY:
        raise ValueError(f"a queue message of {len(body)} bytes, {MAX_BODY} at most")


def hidden_for(delay: float) -> int:
    """Return the visibility timeout for a delay: whole seconds, never less than asked, a week at most."""
    return min(max(ceil(delay), 0), _WEEK)
