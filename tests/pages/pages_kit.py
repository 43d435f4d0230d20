"""The pages over HTTP with everything in memory: the very functions of the app, without the functions host.

A thread of its own serves them, so that a browser driven from the test can ask.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import azure.functions as func
from aiohttp import web
from msgspec.structs import replace

from functions import pages, public
from shared.adapters.memory import MemoryQueue
from shared.catalogue import Document
from shared.fhir.choice import PURPOSES
from shared.fhir.fact import ContactPoint, Name, Person
from shared.fhir.instants import Instant
from shared.message.links import Linker, LinkKind
from shared.message.policy import Keys, Policy
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.ports import Stored
from shared.queues import PAGES, REPORTS
from shared.usecases.jobs import Job, decode_job
from shared.usecases.publish import publish
from shared.usecases.services import Services
from tests.unit.memory_kit import Time, in_memory

POLICY = Policy(
    zone="America/New_York",
    organisation="Riverside Clinic <R&D>",
    phone="+1 212 555 0100",
    website="https://riverside.example",
    address="1 Harbour Street, Riverside, NY 10000",
    public_url="https://links.example/api",
    keys=Keys((b"0123456789abcdef0123456789abcdef",)),
    restrictive=frozenset({"research"}),
)
PERSON = Person(
    "p1",
    names=(Name("official", "Lopez", ("Ana",)),),
    telecom=(ContactPoint("phone", "+12125550142", "mobile"), ContactPoint("email", "ana@example.org")),
    languages=("es-MX",),
)
KEY = patient_key("p1")


def run[T](work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own: a test with a browser has a loop going in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


class Mail:
    """A message, as far as links know it."""

    def __init__(self, message_id: str = "m1", **more: str) -> None:
        known = {"party": "", "channel": "email", "purpose": "marketing", "language": "en", **more}
        self.message_id = message_id
        self.party, self.channel = known["party"], known["channel"]
        self.purpose, self.language = known["purpose"], known["language"]


class Site:
    """Pages in memory, and what tests do to them."""

    def __init__(self, policy: Policy = POLICY, record: PatientRecord | None = None) -> None:
        self.clock = Time()
        self.services: Services = replace(
            in_memory(self.clock),
            policy=policy,
            channels=dict.fromkeys(("sms", "email", "whatsapp"), None),
        )
        self.base = ""
        self.record = record or PatientRecord(KEY, "p1", person=PERSON)
        run(self.keep(self.record))

    async def keep(self, record: PatientRecord) -> None:
        """Write a record, whatever was there."""
        held = await self.services.patients.load(record.key, record.patient_id)
        await self.services.patients.commit(Stored(held.record, held.etag), Decision(record))
        self.record = record

    def link(self, kind: LinkKind, target: str = "", message: Mail | None = None) -> str:
        """Make a link with its rows; its path below the site."""
        linker = Linker(self.record.key, message or Mail(), self.services.policy, self.clock.now())
        url = linker.url(kind, target)
        for row in linker.made:
            run(self.services.indexes.apply(self.record.key, row))
        return url.removeprefix(self.services.policy.public_url)

    def jobs(self, queue: str = PAGES) -> list[Job]:
        """Take what is on a queue."""
        letters = self.queue.queues[queue]
        found = [decode_job(letter.body) for letter in letters]
        letters.clear()
        return found

    @property
    def queue(self) -> MemoryQueue:
        assert isinstance(self.services.queue, MemoryQueue)
        return self.services.queue

    def reports(self) -> list[Job]:
        return self.jobs(REPORTS)

    def passes(self, length: int) -> None:
        self.clock.at = Instant(self.clock.at + length)

    def ask(
        self,
        handler: Any,
        path: str,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> func.HttpResponse:
        """Call a function of the app with one request, as the host would."""
        place, _, query = path.partition("?")
        params = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair)
        request = func.HttpRequest(
            method=method,
            url=f"https://links.example/api{path}",
            headers=headers or {},
            params=params,
            route_params={"token": place.rpartition("/")[2]},
            body=body,
        )
        return run(handler._function.get_user_function()(request))


async def published(site: Site, *topics: str) -> None:
    """Put templates with topics in force."""
    words = {"sms": {"text": {"en": "Hello"}}}
    bodies = [
        {"url": f"https://x.example/{n}", "version": "1", "title": "T", "topic": topic, "channels": words}
        for n, topic in enumerate(topics)
    ]
    await publish(
        site.services, tuple(Document("template", f"{n}.yaml", body) for n, body in enumerate(bodies))
    )


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def boxes(site_ways: Sequence[str]) -> list[str]:
    """Name the boxes of the preference centre, in their order."""
    return [f"{purpose}|{channel}" for purpose in PURPOSES for channel in site_ways]


@contextmanager
def serving(services: Callable[[], Services], *modules: ModuleType) -> Iterator[str]:
    """Serve the HTTP functions of some modules on a free port: yields their address."""

    async def found() -> Services:
        return services()

    before = pages.services
    pages.services = found
    ready = threading.Event()
    at: list[str] = []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def served() -> None:
        runner = web.AppRunner(_app(modules or (public,)), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        at.append(f"http://127.0.0.1:{runner.addresses[0][1]}/api")
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(served()))
    thread.start()
    try:
        assert ready.wait(20)
        yield at[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
        pages.services = before


def _app(modules: Sequence[ModuleType]) -> web.Application:
    app = web.Application()
    for module in modules:
        for built in vars(module).values():
            trigger = getattr(getattr(built, "_function", None), "_trigger", None)
            if trigger is not None and trigger.type == "httpTrigger":
                place = f"/api/{trigger.route}"
                for method in trigger.methods:
                    name = getattr(method, "value", method)
                    app.router.add_route(name, place, _handler(built._function.get_user_function()))
    return app


def _handler(function: Any) -> Any:
    async def handle(request: web.Request) -> web.Response:
        answer = await function(
            func.HttpRequest(
                method=request.method,
                url=str(request.url),
                headers=dict(request.headers),
                params=dict(request.query),
                route_params=dict(request.match_info),
                body=await request.read(),
            )
        )
        headers = {**answer.headers, "Content-Type": f"{answer.mimetype}; charset={answer.charset}"}
        return web.Response(status=answer.status_code, headers=headers, body=answer.get_body())

    return handle
