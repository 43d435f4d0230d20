"""From a write on the real FHIR server to a delivery at a subscriber: nothing lost, whatever goes wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox import fhir_server
from sandbox.event_source.app import application
from sandbox.event_source.behaviour import Behaviour
from sandbox.event_source.changes import ChangeLog
from sandbox.event_source.schemas import SCHEMAS
from sandbox.event_source.source import EventSource, Options
from sandbox.event_source.target import Target
from sandbox.population.load import load
from sandbox.ports import free_ports
from sandbox.processes import Children
from shared.adapters.clock import FileClock, SystemClock
from shared.fhir.instants import parse_instant

START = parse_instant("2026-03-01T08:00:00Z")


@dataclass(frozen=True)
class Fhir:
    """The FHIR server under test."""

    base: str
    database: Path


@pytest.fixture(scope="module")
def fhir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fhir]:
    folder = tmp_path_factory.mktemp("fhir")
    FileClock.create(folder / "clock", START, speed=0.0)
    port = free_ports(1)[0]
    children = Children()
    try:
        children.start(fhir_server.service(folder, port, folder / "clock"), folder / "logs").wait_healthy()
        yield Fhir(fhir_server.base_url(port), folder / fhir_server.DATABASE)
    finally:
        children.stop()


@dataclass
class Subscriber:
    """An endpoint that answers as told: a list of statuses, 200 once it is used up."""

    answers: list[int] = field(default_factory=list)
    requests: list[list[dict[str, object]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        if request.method == "OPTIONS":
            return web.Response(headers={"WebHook-Allowed-Origin": request.headers["WebHook-Request-Origin"]})
        body = await request.json()
        if request.headers["aeg-event-type"] == "SubscriptionValidation":
            return web.json_response({"validationResponse": body[0]["data"]["validationCode"]})
        self.headers.append({**request.headers, "code": request.query.get("code", "")})
        self.requests.append(body if isinstance(body, list) else [body])
        self.arrived.set()
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    def seen(self) -> list[tuple[str, str, int]]:
        """List what arrived, in order: kind, Type/id, version."""
        return [
            (
                str(event.get("eventType") or event.get("type")).rpartition("FhirResource")[2],
                str(event["subject"]).partition("/")[2],
                event["data"]["resourceVersionId"],  # type: ignore[index]
            )
            for request in self.requests
            for event in request
        ]


@asynccontextmanager
async def running(
    fhir: Fhir, subscriber: Subscriber, state: Path, schema: str = "eventgrid", scale: float = 0.0001
) -> AsyncIterator[EventSource]:
    """Run the source between the FHIR server and the subscriber until the block ends."""
    app = web.Application()
    app.router.add_route("*", "/hook", subscriber.take)
    async with TestServer(app) as server:
        target = Target(aiohttp.ClientSession(), str(server.make_url("/hook")), SCHEMAS[schema], "key")
        options = Options(urlsplit(fhir.base).netloc, state, scale)
        source = EventSource(ChangeLog(fhir.database), target, SystemClock(), options)
        task = asyncio.create_task(source.run())
        try:
            yield source
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await source.close()


async def idle(source: EventSource) -> None:
    async with asyncio.timeout(10):
        while source.stats().pending or not source.handshaken:  # noqa: ASYNC110  # another process writes
            await asyncio.sleep(0)


async def put(fhir: Fhir, rid: str, rtype: str = "Patient") -> None:
    await load([{"resourceType": rtype, "id": rid}], fhir.base)


async def delete(fhir: Fhir, rid: str) -> None:
    async with aiohttp.ClientSession() as session, session.delete(f"{fhir.base}/Patient/{rid}") as answer:
        assert answer.status == 200


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_create_update_delete_and_create_again_arrive(fhir: Fhir, tmp_path: Path, schema: str) -> None:
    subscriber = Subscriber()
    rid = f"whole-life-{schema}"
    async with running(fhir, subscriber, tmp_path, schema) as source:
        await put(fhir, rid)
        await put(fhir, rid)
        await delete(fhir, rid)
        await put(fhir, rid)
        await idle(source)
        stats = source.stats()
    kinds = ["Created", "Updated", "Deleted", "Created"]
    assert sorted(subscriber.seen(), key=lambda one: one[2]) == [
        (kind, f"Patient/{rid}", version) for version, kind in enumerate(kinds, start=1)
    ]
    assert (stats.received, stats.delivered, stats.retried, stats.pending) == (4, 4, 0, 0)
    assert subscriber.headers[0]["code"] == "key"
    assert subscriber.headers[0]["aeg-event-type"] == "Notification"


async def test_events_carry_the_virtual_time(fhir: Fhir, tmp_path: Path) -> None:
    subscriber = Subscriber()
    async with running(fhir, subscriber, tmp_path) as source:
        await put(fhir, "timed")
        await idle(source)
    assert subscriber.requests[0][0]["eventTime"] == "2026-03-01T08:00:00.0000000Z"


async def test_a_flood_travels_in_batches(fhir: Fhir, tmp_path: Path) -> None:
    subscriber = Subscriber()
    async with running(fhir, subscriber, tmp_path) as source:
        resources = [{"resourceType": "Location", "id": f"flood-{n}"} for n in range(300)]
        assert (await load(resources, fhir.base)).loaded == 300
        await idle(source)
    assert len(set(subscriber.seen())) == len(subscriber.seen()) == 300
    assert len(subscriber.requests) < 50
    assert max(map(len, subscriber.requests)) <= 64


async def test_a_failing_endpoint_is_tried_again(fhir: Fhir, tmp_path: Path) -> None:
    subscriber = Subscriber(answers=[500, 503, 404])
    async with running(fhir, subscriber, tmp_path) as source:
        await put(fhir, "stubborn")
        await idle(source)
        stats = source.stats()
    assert subscriber.seen() == [("Created", "Patient/stubborn", 1)] * 4
    assert (stats.delivered, stats.retried, stats.attempts) == (1, 3, 4)
    assert [one["aeg-delivery-count"] for one in subscriber.headers] == ["0", "1", "2", "3"]


async def test_what_is_refused_for_good_becomes_a_dead_letter(fhir: Fhir, tmp_path: Path) -> None:
    subscriber = Subscriber(answers=[400])
    async with running(fhir, subscriber, tmp_path) as source:
        await put(fhir, "refused")
        await idle(source)
        assert source.stats().dead_lettered == 1
    [file] = (tmp_path / "deadletter").rglob("*.json")
    [letter] = json.loads(file.read_text())
    assert letter["deadLetterReason"] == "UndeliverableDueToHttpBadRequest"
    assert (letter["deliveryAttempts"], letter["lastDeliveryOutcome"]) == (1, "BadRequest")
    assert letter["subject"].endswith("/Patient/refused")


async def test_what_was_not_settled_is_sent_again_after_a_restart(fhir: Fhir, tmp_path: Path) -> None:
    first, second = Subscriber(answers=[500] * 100), Subscriber()
    async with running(fhir, first, tmp_path, scale=1.0):
        await put(fhir, "twice-told")
        await first.arrived.wait()
    async with running(fhir, second, tmp_path) as source:
        await put(fhir, "written-later")
        await idle(source)
    assert {place for _, place, _ in second.seen()} == {"Patient/twice-told", "Patient/written-later"}


async def test_misbehaviour_can_be_asked_for(fhir: Fhir, tmp_path: Path) -> None:
    subscriber = Subscriber()
    async with running(fhir, subscriber, tmp_path) as source:
        source.behaviour = Behaviour(duplicate=1.0, window_ms=5)
        await put(fhir, "doubled")
        await idle(source)
        source.behaviour = Behaviour(drop=1.0)
        await put(fhir, "dropped")
        await idle(source)
        source.behaviour = Behaviour(hold=True)
        await put(fhir, "held")
        assert source.stats().pending == 1
        source.behaviour = Behaviour()
        await idle(source)
    places = [place for _, place, _ in subscriber.seen()]
    assert places == ["Patient/doubled"] * 2 + ["Patient/held"]


async def test_its_own_pages(fhir: Fhir, tmp_path: Path) -> None:
    subscriber = Subscriber()
    async with running(fhir, subscriber, tmp_path / "one"):
        pass
    hook = web.Application()
    hook.router.add_route("*", "/hook", subscriber.take)
    async with TestServer(hook) as server:

        async def open_source() -> EventSource:
            target = Target(aiohttp.ClientSession(), str(server.make_url("/hook")), SCHEMAS["eventgrid"])
            return EventSource(ChangeLog(fhir.database), target, SystemClock(), Options("a", tmp_path, 1.0))

        async with TestServer(application(open_source)) as own, aiohttp.ClientSession() as session:
            behaviour = own.make_url("/sandbox/behaviour")
            async with session.put(behaviour, json={"drop": 0.5, "seed": 3}) as answer:
                assert answer.status == 200
            async with session.get(behaviour) as answer:
                assert (await answer.json())["drop"] == 0.5
            for wrong in ({"drop": 2}, {"unknown": 1}):
                async with session.put(behaviour, json=wrong) as answer:
                    assert answer.status == 400
            async with session.get(own.make_url("/sandbox/stats")) as answer:
                assert (await answer.json())["pending"] == 0
            async with session.get(own.make_url("/sandbox/health")) as answer:
                assert answer.status in (200, 503)
