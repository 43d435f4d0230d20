"""The event source's own HTTP face: health, counts, and what to do to the events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
from aiohttp import web

from sandbox.event_source.behaviour import Behaviour
from sandbox.event_source.source import EventSource

SOURCE = web.AppKey("source", EventSource)


def application(open_source: Callable[[], Awaitable[EventSource]]) -> web.Application:
    """Serve /sandbox/health, /sandbox/stats and /sandbox/behaviour beside the running source."""
    app = web.Application()

    async def run(app: web.Application) -> AsyncIterator[None]:
        app[SOURCE] = source = await open_source()
        task = asyncio.create_task(source.run())
        task.add_done_callback(_end_with_it)
        yield
        task.remove_done_callback(_end_with_it)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await source.close()

    app.cleanup_ctx.append(run)
    app.add_routes(
        [
            web.get("/sandbox/health", _health),
            web.get("/sandbox/stats", _stats),
            web.get("/sandbox/behaviour", _behaviour),
            web.put("/sandbox/behaviour", _behave),
        ]
    )
    return app


async def _health(request: web.Request) -> web.Response:
    """200 once the target has shaken hands; 503 before."""
    ready = request.app[SOURCE].handshaken
    return _json({"status": "delivering" if ready else "shaking hands"}, 200 if ready else 503)


async def _stats(request: web.Request) -> web.Response:
    return _json(request.app[SOURCE].stats())


async def _behaviour(request: web.Request) -> web.Response:
    return _json(request.app[SOURCE].behaviour)


async def _behave(request: web.Request) -> web.Response:
    try:
        wanted = msgspec.json.decode(await request.read(), type=Behaviour)
    except msgspec.MsgspecError as error:
        return _json({"title": "not a behaviour", "status": 400, "detail": str(error)}, 400)
    request.app[SOURCE].behaviour = wanted
    return _json(wanted)


def _json(body: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")


def _end_with_it(task: asyncio.Task[None]) -> None:
    """End the process when its work ended: a source that only looks alive would lose changes silently."""
    if not task.cancelled():
        asyncio.get_running_loop().call_exception_handler(
            {"message": "the event source failed", "exception": task.exception()}
        )
        raise web.GracefulExit
