"""All queues of the host over one HTTP session, and the writer of its output bindings."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp

from sandbox.functions_host.datum import Datum
from sandbox.functions_host.queue_messages import encode_text, output_bodies
from sandbox.functions_host.queue_ports import Queue
from sandbox.functions_host.queue_rest import RestQueue
from sandbox.functions_host.specs import QueueOutput
from shared.adapters.storage_rest import StorageRest, connection_account

type OpenQueue = Callable[[str, str], Queue]
"""(connection string, queue name) → the queue."""


class RestQueues:
    """Opens queues over one session, made when first needed."""

    def __init__(self, timeout: float = 30.0) -> None:
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    def open(self, connection: str, name: str) -> Queue:
        """Open a queue; nothing is sent yet. Raises ValueError for a wrong connection string."""
        account = connection_account(connection, "queue")
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=64)
            self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        return RestQueue(StorageRest(account, self._session, self._timeout), name.lower())

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None


class QueueOutputs:
    """Writes queue output bindings, and tells `sent` the queue's name."""

    def __init__(self, open_queue: OpenQueue, encoding: str, sent: Callable[[str], None]) -> None:
        self._open = open_queue
        self._encoding = encoding
        self._sent = sent
        self._queues: dict[QueueOutput, Queue] = {}

    async def send(self, target: QueueOutput, value: Datum) -> None:
        """Enqueue what a function has set on an output binding. Raises QueueUnavailable."""
        queue = self._queues.get(target)
        if queue is None:
            queue = self._queues[target] = self._open(target.connection, target.queue)
        for body in output_bodies(value):
            await queue.send(encode_text(body, self._encoding))
        self._sent(target.queue)
