"""Puts the stand-in together and serves it: the SDKs' routes, the sandbox's own, and the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiohttp import web

from sandbox.acs import email_api, sms_api, whatsapp_api
from sandbox.acs.control import Control, guard
from sandbox.acs.lists_api import Lists
from sandbox.acs.pages import Pages
from sandbox.acs.sends import sending
from sandbox.acs.service import Clock, Options, Service
from sandbox.acs.stream import Stream
from shared.adapters.clock import SystemClock

_LARGEST_BODY = 10 * 1024 * 1024  # what ACS allows an email


class Running(NamedTuple):
    """A stand-in that serves: its URL and its inside."""

    url: str
    service: Service


def make_app(service: Service) -> web.Application:
    """Build the web application; its start and end are the service's."""
    app = web.Application(client_max_size=_LARGEST_BODY, middlewares=[guard])
    app.add_routes([
        web.post("/sms", sending(service, sms_api.read, sms_api.answer)),
        web.post("/emails:send", sending(service, email_api.read, email_api.answer)),
        web.get("/emails/operations/{key}", email_api.polling(service)),
        web.post(
            "/messages/notifications:send", sending(service, whatsapp_api.read, whatsapp_api.answer)
        ),
        *Lists(service).routes(),
        *Control(service).routes(),
        *Pages(service).routes(),
    ])  # fmt: skip
    stream = Stream(service)
    app.add_routes(stream.routes())
    app.on_shutdown.append(stream.end)
    return app


@asynccontextmanager
async def started(options: Options, clock: Clock | None = None, port: int = 0) -> AsyncIterator[Running]:
    """Serve on loopback until the block ends; port 0 takes a free one. Raises OSError for a taken port."""
    service = Service(options, clock or SystemClock())
    runner = web.AppRunner(make_app(service), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        async with service.pusher:
            yield Running(f"http://127.0.0.1:{runner.addresses[0][1]}", service)
    finally:
        await runner.cleanup()
