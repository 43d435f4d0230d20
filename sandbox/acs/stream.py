"""Tells open pages that something changed, by Server-Sent Events; they fetch what they show."""

from __future__ import annotations

import asyncio

from aiohttp import web

from sandbox.acs.service import Service
from sandbox.acs.store import Message

_GATHER = 0.3  # seconds: a page need not redraw for every one of a thousand messages
_BEAT = 15.0


class Stream:
    """One endless answer an open page."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._ending = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """Give the stream's route."""
        return [web.get("/sandbox/stream", self.stream)]

    async def end(self, app: web.Application) -> None:
        """Let every open answer end, so that the service can stop."""
        self._ending.set()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send an event with the newest `seq` whenever a message came or changed."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        changed = asyncio.Event()

        def listener(message: Message) -> None:
            changed.set()

        self._service.store.listeners.add(listener)
        try:
            await response.write(b"retry: 1000\n\n")
            while not self._ending.is_set():
                await self._turn(response, changed)
        except ConnectionError:
            pass  # the page was closed
        finally:
            self._service.store.listeners.discard(listener)
        return response

    async def _turn(self, response: web.StreamResponse, changed: asyncio.Event) -> None:
        if not await self._wait(changed):
            await response.write(b": still here\n\n")
            return
        await asyncio.sleep(_GATHER)
        changed.clear()
        await response.write(f"event: change\ndata: {self._service.store.last}\n\n".encode())

    async def _wait(self, changed: asyncio.Event) -> bool:
        waits = [asyncio.create_task(event.wait()) for event in (changed, self._ending)]
        done, pending = await asyncio.wait(waits, timeout=_BEAT, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return bool(done) and changed.is_set()
