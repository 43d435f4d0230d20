"""Carries events to the application as Event Grid does: arrays over HTTP POST, tried again until taken."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from typing import Self

import aiohttp
import orjson
from yarl import URL

from sandbox.acs.event_grid import Event

_BATCH = 50
_LINGER = 0.005  # seconds in which events gather into one array
_AT_ONCE = 4
_LONGEST_PAUSE = 10.0
_HOPELESS = {400, 413}  # Event Grid dead-letters at once on these; others may be a host still starting


class Pusher:
    """Sends what is pushed to one URL, in arrays, at least once, with growing pauses between tries."""

    def __init__(self, url: str, key: str = "", *, first_pause: float = 0.2, tries: int = 40) -> None:
        self._url = URL(url) if url else None
        self._headers = {
            "Content-Type": "application/json",
            "aeg-event-type": "Notification",
            "aeg-subscription-name": "HEARTHLINE-SANDBOX",
            "aeg-data-version": "1.0",
            "aeg-metadata-version": "1",
        }
        if key:
            self._headers["x-functions-key"] = key
        self._first_pause = first_pause
        self._tries = tries
        self._waiting: deque[Event] = deque()
        self._wake = asyncio.Event()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self.counts = {"pushed": 0, "delivered": 0, "failed_tries": 0, "dead_lettered": 0}

    async def __aenter__(self) -> Self:
        """Start carrying."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        self._runner = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *reason: object) -> None:
        """Stop; what was not yet taken is lost."""
        running = [self._runner, *self._tasks]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._session.close()

    @property
    def pending(self) -> int:
        """How many events have not yet been taken nor given up."""
        return self.counts["pushed"] - self.counts["delivered"] - self.counts["dead_lettered"]

    def push(self, events: Sequence[Event]) -> None:
        """Queue events; without a URL they go nowhere."""
        if self._url is None:
            return
        self.counts["pushed"] += len(events)
        self._waiting.extend(events)
        self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(_LINGER)
            while self._waiting:
                await self._slots.acquire()
                batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
                task = asyncio.create_task(self._carry(batch))
                self._tasks.add(task)
                task.add_done_callback(self._done)
            self._wake.clear()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()

    async def _carry(self, batch: list[Event]) -> None:
        body = orjson.dumps(batch)
        for count in range(self._tries):
            status = await self._post(body, count)
            if 200 <= status < 300:
                self.counts["delivered"] += len(batch)
                return
            self.counts["failed_tries"] += 1
            if status in _HOPELESS:
                break
            await asyncio.sleep(min(self._first_pause * 2**count, _LONGEST_PAUSE))
        self.counts["dead_lettered"] += len(batch)

    async def _post(self, body: bytes, count: int) -> int:
        """Post once; gives the status, or 0 when there was no answer."""
        assert self._url is not None
        headers = {**self._headers, "aeg-delivery-count": str(count)}
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with self._session.post(self._url, data=body, headers=headers) as answer:
                return answer.status
        return 0
