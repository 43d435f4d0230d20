"""What the queue listener needs of a queue; queue_rest.py talks to Storage, tests have one in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec


class QueueUnavailable(Exception):
    """The queue cannot be reached, or refuses; try again later."""


class LeaseLost(Exception):
    """The message has become visible again and is no longer ours (or is gone)."""


class Received(msgspec.Struct):
    """A message under lease; `text` is as stored, `pop_receipt` changes with each renewal.

    Times are as Storage writes them (RFC 1123).
    """

    id: str
    text: str
    dequeue_count: int
    pop_receipt: str
    inserted: str = ""
    expires: str = ""
    next_visible: str = ""


class Queue(Protocol):
    """One queue. Every method may raise QueueUnavailable."""

    async def receive(self, count: int, lease: int) -> Sequence[Received]:
        """Take up to `count` messages and hide them for `lease` seconds; none where there is no queue yet."""
        ...

    async def delete(self, message: Received) -> None:
        """Delete a message that is done with. Raises LeaseLost."""
        ...

    async def hide(self, message: Received, seconds: int) -> None:
        """Hide a message for `seconds` from now on, and note its new pop receipt. Raises LeaseLost."""
        ...

    async def send(self, text: str) -> None:
        """Put a message at the end, making the queue if there is none."""
        ...
