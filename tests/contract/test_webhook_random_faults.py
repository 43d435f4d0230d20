"""Whatever a receiver answers, call after call: never an untrue answer, and one id for all tries."""

from __future__ import annotations

import asyncio
import base64

import aiohttp
from acs_kit import a_message, served
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from standardwebhooks import Webhook

from shared.adapters.acs_http import Patience
from shared.adapters.push_webhook import WebhookChannel
from shared.message.outbound import Accepted, Deferred, Refused
from shared.receivers import SignedReceiver

SECRET = "whsec_" + base64.b64encode(b"a secret of the gateway, long enough").decode()
QUICK = Patience(total=5.0, one_try=2.0, connect=1.0, tries=3, first_pause=0.0)
LOST = [408, 409, 500, 502, 504]
PLAIN = [302, 400, 401, 403, 404, 410, 413, 422, 429, 503]
ANSWERS = st.one_of(
    st.just((True, 200)),
    st.tuples(st.booleans(), st.sampled_from([*LOST, 0])),
    st.tuples(st.just(False), st.sampled_from(PLAIN)),
)
"""Whether the message is taken, and what is answered: a status, or nothing at all (0)."""


class Gateway:
    """Takes messages once each, or not, and answers as it is told; then well."""

    def __init__(self) -> None:
        self.answers: list[tuple[bool, int]] = []
        self.taken: set[str] = set()
        self.ids: set[str] = set()

    async def take(self, request: web.Request) -> web.Response:
        Webhook(SECRET).verify(await request.read(), dict(request.headers))
        key = request.headers["webhook-id"]
        self.ids.add(key)
        takes, status = self.answers.pop(0) if self.answers else (True, 200)
        if takes:
            self.taken.add(key)
        if not status:
            request.transport.abort()
        return web.Response(status=status or 200)


async def play(gateway: Gateway, url: str, session: aiohttp.ClientSession, answers) -> None:
    gateway.answers, gateway.ids = list(answers), set()
    receiver = SignedReceiver(kind="signed", url=SecretStr(url), secret=SecretStr(SECRET))
    message = a_message("push")
    result = await WebhookChannel(session, "gateway", receiver, QUICK).send(message)
    assert gateway.ids == {message.message_id}
    if isinstance(result, Accepted):
        assert message.message_id in gateway.taken
    elif isinstance(result, Refused | Deferred):
        assert message.message_id not in gateway.taken


def test_never_an_untrue_answer():
    with asyncio.Runner() as runner:
        gateway = Gateway()
        context = served(gateway.take)
        url = runner.run(context.__aenter__())

        async def opened() -> aiohttp.ClientSession:
            return aiohttp.ClientSession()

        session = runner.run(opened())

        @settings(
            max_examples=100,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
            database=None,
            derandomize=True,
        )
        @given(st.lists(ANSWERS, max_size=5))
        def check(answers) -> None:
            runner.run(play(gateway, url, session, answers))

        try:
            check()
        finally:
            runner.run(session.close())
            runner.run(context.__aexit__(None, None, None))
