"""Storage that cannot be had: 503 with Retry-After for HTTP, another try for queues, and nothing is lost."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterator

import pytest
from notifiers import KEYED, SOURCES
from product_kit import PROBLEM, SOON, Product, published, running
from ward import EVENTS, Ward

from sandbox.play import resources as make
from tests.unit.fhir.notification_data import grid
from tests.unit.fhir.test_subscription_bundle import bundle, event, status

NUMBER = "+15555554001"
JOB = b64encode(b'{"type":"change","resource_type":"Observation","resource_id":"1"}').decode()


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    at_once = dict.fromkeys(SOON, "00:00:00")
    with running(tmp_path_factory.mktemp("fragile"), SOURCES, **at_once) as product:
        asyncio.run(published(product))
        yield product


def unavailable(product: Product, path: str, body: object) -> None:
    reply = product.call("POST", path, body)
    assert reply.status == 503
    assert reply.headers["content-type"].startswith(PROBLEM)
    assert int(reply.headers["retry-after"]) > 0
    assert reply.json["type"] == "urn:hearthline:problem:unavailable"


async def test_without_queues_nothing_is_acknowledged(fragile: Product) -> None:
    async with fragile.without("azurite-queue"):
        unavailable(fragile, EVENTS, [grid(1)])
        unavailable(fragile, f"{KEYED}/hooks", b"")
    assert fragile.call("POST", EVENTS, [grid(1)]).status == 200
    assert (await fragile.idle()).poisoned == {}


async def test_without_tables_changes_wait_and_none_is_lost(fragile: Product) -> None:
    """Until the host has given up counting deliveries: the message is put back, not put aside."""
    log = fragile.stack.plan.folder / "logs" / "host.log"
    ward = Ward(fragile)
    await ward.admit("s-waits", NUMBER)
    async with fragile.without("azurite-table"):
        told = ward.put(make.hba1c("s-waits", 1, 9.8, ward.now))
        assert fragile.call("POST", EVENTS, [told]).status == 200  # it is safe on its queue
        await fragile.stack.restart_host()
        await fragile.put("changes", JOB)  # and so is what a host that has just started finds
        await fragile.until(lambda: log.read_text().count("put off") >= 2)
        numbered = bundle(status(event(7, "Observation/1")))
        unavailable(fragile, f"{KEYED}/hooks", numbered)  # whose numbers cannot be kept
        assert fragile.call("GET", "/api/health/ready", key=None).status == 503
        assert fragile.call("GET", "/api/health/live", key=None).status == 200
        assert ward.sent(NUMBER) == []
    assert (await fragile.idle()).poisoned == {}
    assert len(ward.sent(NUMBER)) == 1
    assert fragile.call("GET", "/api/health/ready", key=None).status == 200


def test_a_key_that_storage_refuses(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("refused"), SOURCES, wrong_key=True) as refused:
        for _ in range(3):
            unavailable(refused, EVENTS, [grid(1)])
        assert refused.call("GET", "/api/health/ready", key=None).status == 503
    log = (refused.stack.plan.folder / "logs" / "host.log").read_text()
    assert "Unclosed" not in log


async def test_a_host_that_is_stopped_closes_its_connections(fragile: Product) -> None:
    token = {"Authorization": f"Bearer {fragile.issuer.token()}"}
    assert fragile.call("POST", "/api/fhir/signed-notifications/entra", [grid(1)], token).status == 200
    await fragile.stack.restart_host(kill=False)
    assert "Unclosed" not in (fragile.stack.plan.folder / "logs" / "host.log").read_text()
    assert fragile.call("GET", "/api/health/ready", key=None).status == 200
