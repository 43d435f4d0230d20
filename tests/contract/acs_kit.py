"""What the ACS contract tests share: a running stand-in, our adapters against it, a sink for its events."""

from __future__ import annotations

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from sandbox.acs.app import Running, started
from sandbox.acs.faults import Rule
from sandbox.acs.service import Options
from shared.adapters.acs_auth import AcsAuth, AcsKey
from shared.adapters.acs_calls import AcsCalls
from shared.adapters.acs_email import AcsEmail
from shared.adapters.acs_http import AcsHttp, Patience
from shared.adapters.acs_sms import AcsSms
from shared.adapters.acs_whatsapp import AcsWhatsApp
from shared.adapters.clock import SystemClock
from shared.message.outbound import ChannelName, OutboundMessage

KEY = base64.b64encode(b"a development key of 32 letters.").decode()
SENDERS = {"sms": "+15550100", "email": "care@hospital.example", "whatsapp": str(uuid.UUID(int=7))}
RECIPIENTS = {
    "sms": "+15551110001",
    "email": "maria@example.org",
    "whatsapp": "+15551110009",
    "push": "Patient/1",
    "letter": "Maria\n1 Main Street\nSpringfield, IL 62701",
}
CHANNELS: tuple[ChannelName, ...] = ("sms", "email", "whatsapp")


class Bench:
    """A stand-in and the three adapters, which do not really pause."""

    def __init__(self, running: Running, session: aiohttp.ClientSession) -> None:
        self.url = running.url
        self.service = running.service
        self.session = session
        self.pauses: list[float] = []
        self.time = 1000.0
        """What the adapters measure throttling by."""

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    def adapter(
        self,
        channel: ChannelName,
        patience: Patience | None = None,
        auth: AcsAuth | None = None,
        url: str = "",
    ) -> AcsSms | AcsEmail | AcsWhatsApp:
        http = AcsHttp(
            self.session, url or self.url, auth or AcsKey(KEY), patience, self.pause, lambda: self.time
        )
        makers: dict[str, Any] = {"sms": AcsSms, "email": AcsEmail, "whatsapp": AcsWhatsApp}
        return makers[channel](http, SENDERS[channel])

    def calls(self, auth: AcsAuth | None = None) -> AcsCalls:
        return AcsCalls(self.session, self.url, auth or AcsKey(KEY))

    def misbehave(self, *rules: Rule) -> None:
        self.service.faults.replace(rules)

    def seen(self, message: OutboundMessage) -> tuple[int, int]:
        """How often the id was called and accepted."""
        request = self.service.store.requests.get(message.message_id)
        return (request.calls, request.accepts) if request else (0, 0)


def a_message(channel: ChannelName, **changes: Any) -> OutboundMessage:
    fields = {
        "message_id": str(uuid.uuid4()),
        "channel": channel,
        "to": RECIPIENTS[channel],
        "text": "Your appointment is tomorrow.",
        "first_sent": SystemClock().now(),
        "subject": "Appointment" if channel == "email" else "",
    }
    return OutboundMessage(**{**fields, **changes})


@asynccontextmanager
async def served(handle: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """Answer every request by one handler; yields the address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def bench(**options: Any) -> AsyncIterator[Bench]:
    options = {"numbers": (SENDERS["sms"],), **options}
    async with started(Options(KEY, **options)) as running, aiohttp.ClientSession() as session:
        yield Bench(running, session)


class Sink:
    """An application that takes events, failing the first `failures` posts."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.posts: list[tuple[dict[str, str], int]] = []

    async def take(self, request: web.Request) -> web.Response:
        events = orjson.loads(await request.read())
        self.posts.append((dict(request.headers), len(events)))
        if len(self.posts) <= self.failures:
            return web.Response(status=503)
        for event in events:
            self.events.put_nowait(event)
        return web.Response()

    async def next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.events.get(), 10)

    async def some(self, count: int) -> list[dict[str, Any]]:
        return [await self.next() for _ in range(count)]


@asynccontextmanager
async def bench_with_sink(failures: int = 0, **options: Any) -> AsyncIterator[tuple[Bench, Sink]]:
    sink = Sink(failures)
    app = web.Application()
    app.add_routes([web.post("/events", sink.take)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/events"
        async with bench(events_url=url, first_pause=0.01, **options) as made:
            yield made, sink
    finally:
        await runner.cleanup()
