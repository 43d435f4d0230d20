"""Keeps the queue messages under way hidden from others, however long their functions run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from sandbox.functions_host.queue_ports import LeaseLost, Queue, QueueUnavailable, Received

_log = logging.getLogger("sandbox.functions_host")


class Lease:
    """A message under way; `lock` is held by whoever changes it, as each change makes a new pop receipt."""

    __slots__ = ("lock", "message", "renewed", "settled")

    def __init__(self, message: Received, now: float) -> None:
        self.message = message
        self.renewed = now
        self.settled = False
        self.lock = asyncio.Lock()


async def renew_all(queue: Queue, leases: Iterable[Lease], seconds: int, now: float) -> None:
    """Renew the leases of `seconds` that are half over at `now` (the loop's time)."""
    for lease in list(leases):
        if now - lease.renewed >= seconds / 2:
            await _renew(queue, lease, seconds, now)


async def _renew(queue: Queue, lease: Lease, seconds: int, now: float) -> None:
    async with lease.lock:
        if lease.settled:
            return
        try:
            await queue.hide(lease.message, seconds)
        except (LeaseLost, QueueUnavailable) as problem:
            _log.warning("a queue message's lease was not renewed: %s", problem)
        else:
            lease.renewed = now
