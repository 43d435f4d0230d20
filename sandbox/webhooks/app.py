"""The receiver's HTTP face: addresses to call, what came as JSON, how it is to fail, and the page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import NamedTuple

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from sandbox.webhooks.page import POLICY, console_page, page
from sandbox.webhooks.store import Store, Told
from shared.adapters.clock import SystemClock
from shared.fhir.instants import iso
from shared.ports import Clock

_CARD = "application/vnd.microsoft.card.adaptive"


@dataclass
class Failing:
    """How the next calls are answered: so many times with a status, and what they are told to wait."""

    times: int = 0
    status: int = 503
    retry_after: str = ""


class Receiver:
    """The handlers, bound to a store, the signing secret and the clock."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self.store = Store()
        self.failing = Failing()
        self._webhook = Webhook(secret)
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [
            web.post("/signed/{name}", self.signed),
            web.post("/teams/{name}", self.teams),
            web.get("/sandbox/health", self.health),
            web.get("/sandbox/told", self.told),
            web.put("/sandbox/failing", self.fail),
            web.get("/", self.page),
            web.get("/console/patients/{key}", self.console),
        ]

    async def signed(self, request: web.Request) -> web.Response:
        """Take a call whose signature is right, within five minutes of real time."""
        if failure := self._failure():
            return failure
        try:
            body = self._webhook.verify(await request.read(), dict(request.headers))
        except (WebhookVerificationError, ValueError):  # ValueError: what is no signature or no JSON at all
            self.store.refused += 1
            return web.Response(status=401)
        self._take(request, "signed", request.headers["webhook-id"], body)
        return web.Response(status=204)

    async def teams(self, request: web.Request) -> web.Response:
        """Take a card as a workflow does, which answers 202 and knows no ids."""
        if failure := self._failure():
            return failure
        text = await request.read()
        try:
            (attachment,) = json.loads(text)["attachments"]
            card = attachment["content"]
            right = attachment["contentType"] == _CARD and card["type"] == "AdaptiveCard"
        except (ValueError, KeyError, TypeError):
            right = False
        if not right:
            self.store.refused += 1
            return web.Response(status=400)
        self._take(request, "teams", hashlib.sha256(text).hexdigest(), card)
        return web.Response(status=202)

    def _take(self, request: web.Request, kind: str, told_id: str, body: dict[str, object]) -> None:
        at, name = iso(self._clock.now()), request.match_info["name"]
        self.store.take(Told(told_id, "teams" if kind == "teams" else "signed", name, at, body))

    def _failure(self) -> web.Response | None:
        if self.failing.times <= 0:
            return None
        self.failing.times -= 1
        asked = self.failing.retry_after
        return web.Response(status=self.failing.status, headers={"Retry-After": asked} if asked else {})

    async def health(self, _: web.Request) -> web.Response:
        """Say that it serves."""
        return web.json_response({"status": "listening"})

    async def told(self, _: web.Request) -> web.Response:
        """List what came."""
        return web.json_response(
            {"told": [asdict(told) for told in self.store.all()], "refused": self.store.refused}
        )

    async def fail(self, request: web.Request) -> web.Response:
        """Be told how to answer the next calls: {"times": 2, "status": 503, "retry_after": "1"}."""
        try:
            wanted = Failing(**await request.json())
            sensible = 100 <= wanted.status <= 599 and wanted.times >= 0
        except (TypeError, ValueError):
            sensible = False
        if not sensible:
            told = {"title": "not a way to fail", "status": 400}
            return web.json_response(told, status=400, content_type="application/problem+json")
        self.failing = wanted
        return web.json_response(asdict(wanted))

    async def page(self, _: web.Request) -> web.Response:
        """Show what came, newest first."""
        return _html(page(self.store.all()[::-1], self.store.refused))

    async def console(self, request: web.Request) -> web.Response:
        """Stand where the console will: a notice's button leads here."""
        return _html(console_page(request.match_info["key"], request.query.get("enrolment", "")))


def _html(text: str) -> web.Response:
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    return web.Response(text=text, content_type="text/html", headers=headers)


class Running(NamedTuple):
    """A receiver that serves: its URL and its inside."""

    url: str
    receiver: Receiver


@asynccontextmanager
async def started(
    secret: str,
    clock: Clock | None = None,
    port: int = 0,
    more: Callable[[web.Application], None] = lambda _: None,
) -> AsyncIterator[Running]:
    """Serve on loopback until the block ends; port 0 takes a free one. Raises OSError for a taken port."""
    receiver = Receiver(secret, clock or SystemClock())
    app = web.Application(client_max_size=256 * 1024)
    app.add_routes(receiver.routes())
    more(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield Running(f"http://127.0.0.1:{runner.addresses[0][1]}", receiver)
    finally:
        await runner.cleanup()
