"""Delivery reports of providers that are called by webhook: signed by them, or not taken at all."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from conftest import _QUEUES, _TIMERS
from notifiers import SOURCES
from product_kit import PROBLEM, Product, running
from standardwebhooks import Webhook

from shared.usecases.jobs import Report

SECRET = "whsec_" + base64.b64encode(b"a secret of the phones, long enough").decode()
OTHER = "whsec_" + base64.b64encode(b"another secret, just as long as it").decode()
WEBHOOKS = {
    name: {"kind": "signed", "url": f"https://{name}.example/take", "secret": SECRET}
    for name in ("phones", "journeys-only")
}
MESSAGE = str(uuid.UUID(int=5))
TOLD = {"id": MESSAGE, "status": "failed", "at": "2026-03-03T15:00:00Z", "code": "invalid-address"}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Run a product whose push notifications go to a webhook, and whose queues are not emptied."""
    off = {f"AzureWebJobs.{name}.Disabled": "true" for name in (*_QUEUES, *_TIMERS)}
    chosen = {"HEARTHLINE_WEBHOOKS": json.dumps(WEBHOOKS), "HEARTHLINE_PUSH_WEBHOOK": "phones"}
    with running(tmp_path_factory.mktemp("reports"), SOURCES, **off, **chosen) as product:
        yield product


def signed(body: bytes, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """Sign as the specification's own library does."""
    when = datetime.fromtimestamp(time.time() if at is None else at, UTC)
    signature = Webhook(secret).sign("r1", when, body.decode())
    return {
        "webhook-id": "r1",
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": signature,
    }


def post(product: Product, told: object, provider: str = "phones", **how: object):
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    headers = how.pop("headers", None) or signed(body)
    return product.call("POST", f"/api/reports/{provider}", body, headers=headers, **how)


async def test_a_signed_report_is_queued(product: Product) -> None:
    await product.clear()
    reply = post(product, [TOLD, {**TOLD, "status": "delivered", "reference": f"pat_1 {MESSAGE} lang=en"}])
    assert (reply.status, reply.json) == (200, {"queued": 2})
    found = await product.take("reports")
    at = 1_772_550_000_000_000
    assert sorted(found, key=lambda job: job.key) == [
        Report(MESSAGE, "", "failed", at, "", "invalid-address"),
        Report(MESSAGE, "pat_1", "delivered", at, "", ""),
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook-id": "r1"},
        signed(json.dumps(TOLD).encode(), OTHER),
        signed(b"something else"),
        signed(json.dumps(TOLD).encode(), at=time.time() - 3600),
        {**signed(json.dumps(TOLD).encode()), "webhook-id": "r2"},
    ],
)
async def test_what_is_not_signed_by_them_now_is_turned_away(product: Product, headers) -> None:
    await product.clear()
    reply = post(product, TOLD, headers=headers)
    assert reply.status == 401
    assert reply.headers["content-type"].startswith(PROBLEM)
    assert await product.take("reports") == []


def test_without_a_function_key_nobody_gets_in(product: Product) -> None:
    assert post(product, TOLD, key=None).status == 401


@pytest.mark.parametrize("provider", ["journeys-only", "nobody", "care-team"])
def test_only_who_carries_messages_may_report(product: Product, provider: str) -> None:
    assert post(product, TOLD, provider).status == 404


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"nonsense",
        b"[1]",
        {},
        {**TOLD, "status": "lost"},
        {**TOLD, "id": "+12065550171"},
        {**TOLD, "at": "yesterday"},
        {**TOLD, "code": "Not a code!"},
    ],
)
def test_what_is_no_report_is_rejected(product: Product, told: object) -> None:
    reply = post(product, told)
    assert reply.status == 400
    assert b"2065550171" not in reply.body
