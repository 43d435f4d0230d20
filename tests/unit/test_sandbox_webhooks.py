"""The sandbox's receiver of webhooks: what proves nothing is refused, what came is shown and nothing runs."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import orjson
import pytest
from standardwebhooks import Webhook

from sandbox.webhooks.app import Running, started

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
CALL = orjson.dumps({"type": "a.b", "timestamp": "2026-03-02T09:00:00Z", "data": {"x": "<script>"}}).decode()
CARD = {
    "type": "AdaptiveCard",
    "body": [{"type": "TextBlock", "text": "<b>Look</b>"}, {"type": "TextBlock", "text": "Today"}],
    "actions": [
        {"type": "Action.OpenUrl", "title": "Open", "url": "http://127.0.0.1/console/patients/k"},
        {"type": "Action.OpenUrl", "title": "Run", "url": "javascript:alert(1)"},
    ],
}


class Caller:
    """Somebody who calls the receiver."""

    def __init__(self, running: Running, session: aiohttp.ClientSession) -> None:
        self.running = running
        self.session = session

    async def post(self, path: str, body: str, **headers: str) -> tuple[int, dict[str, str]]:
        async with self.session.post(self.running.url + path, data=body, headers=headers) as answer:
            return answer.status, dict(answer.headers)

    async def signed(self, body: str = CALL, call_id: str = "1", **changed: str) -> int:
        now = datetime.now(UTC)
        headers = {
            "webhook-id": call_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(SECRET).sign(call_id, now, body),
        }
        return (await self.post("/signed/partner", body, **headers | changed))[0]

    async def card(self, card: Any = CARD) -> int:
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        return (await self.post("/teams/team", orjson.dumps({"attachments": [attachment]}).decode()))[0]

    async def text(self, path: str = "/") -> str:
        async with self.session.get(self.running.url + path) as answer:
            assert answer.status == 200
            return await answer.text()

    async def fail(self, **how: Any) -> int:
        async with self.session.put(self.running.url + "/sandbox/failing", json=how) as answer:
            return answer.status


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with started(SECRET) as running, aiohttp.ClientSession() as session:
        yield Caller(running, session)


async def test_what_came_is_shown_as_text(caller):
    assert await caller.signed() == 204
    assert await caller.card() == 202
    shown = await caller.text()
    assert "<h2>a.b</h2>" in shown
    assert "&lt;b&gt;Look&lt;/b&gt;" in shown
    assert '<a href="http://127.0.0.1/console/patients/k">Open</a>' in shown
    assert "<script>" not in shown
    assert "javascript:" not in shown


async def test_the_same_call_is_one_entry(caller):
    for _ in range(3):
        assert await caller.signed() == 204
    told = orjson.loads(await caller.text("/sandbox/told"))
    assert [(each["told_id"], each["times"]) for each in told["told"]] == [("1", 3)]
    assert "3 times" in await caller.text()


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "nonsense"},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "soon"},
        {"webhook-id": "2"},
        {"webhook-id": ""},
    ],
    ids=str,
)
async def test_what_proves_nothing_is_refused(caller, changed):
    assert await caller.signed(**changed) == 401
    assert (caller.running.receiver.store.all(), caller.running.receiver.store.refused) == ([], 1)


@pytest.mark.parametrize("card", [{"type": "MessageCard"}, [], None, "x"], ids=str)
async def test_what_is_no_card_is_refused(caller, card):
    assert await caller.card(card) == 400
    assert caller.running.receiver.store.refused == 1


async def test_it_fails_as_it_is_told(caller):
    assert await caller.fail(times=2, status=503, retry_after="7") == 200
    status, headers = await caller.post("/signed/partner", CALL)
    assert (status, headers["Retry-After"]) == (503, "7")
    assert await caller.card() == 503
    assert await caller.card() == 202


@pytest.mark.parametrize("how", [{"times": -1}, {"status": 7}, {"sometimes": True}], ids=str)
async def test_what_is_no_way_to_fail(caller, how):
    assert await caller.fail(**how) == 400


async def test_it_stands_where_the_console_will(caller):
    shown = await caller.text("/console/patients/k%3Cb%3E?enrolment=%3Ci%3E")
    assert "k&lt;b&gt;" in shown
    assert "&lt;i&gt;" in shown


async def test_the_oldest_go_first(caller, monkeypatch):
    monkeypatch.setattr("sandbox.webhooks.store._MOST", 2)
    for number in range(3):
        assert await caller.signed(call_id=str(number)) == 204
    assert [told.told_id for told in caller.running.receiver.store.all()] == ["1", "2"]
