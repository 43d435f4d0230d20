"""A day of the whole product with telemetry on: what it told a collector, what it logged, what it answered.

Played once for all tests that look at it; the product has been stopped by then, so that its last words count.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import urllib.request
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from collector import SOON, Collector, collecting
from notifiers import SOURCES
from product_kit import SOON as RETRIED_SOON
from product_kit import Product, Reply, published, running
from test_public_http import NEWS
from test_surveys import FORM, documents
from ward import CLINIC, EVENTS, Ward

from sandbox.plan import ROOT
from sandbox.play import resources as make
from shared.fhir.instants import DAY, MINUTE
from shared.usecases.publish import publish

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
"""The traceparent with which somebody tells us of a result."""

AS_ON_AZURE = {
    "PYTHON_ENABLE_OPENTELEMETRY": "true",
    "AzureFunctionsJobHost__extensions__queues__maxDequeueCount": "2",
}
"""As Bicep sets it: the worker hands us the host's trace; and a bug is poison soon."""


class Person(NamedTuple):
    """One of the population; each value is theirs alone."""

    patient_id: str
    given: str
    family: str
    phone: str
    email: str
    street: str
    birth: str
    number: str
    said: str
    """What they write to us."""

    def traces(self) -> set[str]:
        """Return everything that would tell of them, as it may be written."""
        national = self.phone.removeprefix("+1")
        return {*self[:-1], national, f"{national[:3]}-{national[3:6]}-{national[6:]}", self.said}

    def resource(self) -> dict[str, Any]:
        """Make their Patient."""
        made = make.patient(self.patient_id, self.given, self.family, self.phone, self.email)
        made["identifier"] = [{"system": "urn:mrn", "value": self.number}]
        made["address"] = [{"line": [self.street], "city": "Boston", "state": "NY", "country": "US"}]
        return {**made, "birthDate": self.birth}


PEOPLE = (
    Person(
        "pat-quillonia-77", "Quillonia", "Vexworth", "+12065550991", "q.vexworth@patients.example",
        "77 Xylograph Crescent", "1957-11-23", "MRN-9917731", "my left toe is purple",
    ),
    Person(
        "pat-thaddeus-12", "Thaddeus", "Ombrewick", "+12065550992", "ombrewick@patients.example",
        "12 Quagmire Passage", "1943-02-07", "MRN-5520418", "the walrus pills make me dizzy",
    ),
    Person(
        "pat-isolde-35", "Isolde", "Farnquist", "+12065550993", "isolde.f@patients.example",
        "35 Marrowfat Lane", "1988-08-19", "MRN-7730052", "worse since the banquet",
    ),
)  # fmt: skip


class Recorded(NamedTuple):
    """What came of the day."""

    collector: Collector
    log: str
    """All that the functions host printed."""
    answers: tuple[Reply, ...]
    """Every answer over HTTP, pages of patients apart."""
    paths: tuple[str, ...]
    """Where pages are: what stands in links."""
    rows: tuple[Any, ...]
    """Our rows of the first person's messages."""


class Day:
    """Plays the day, and keeps what was answered."""

    def __init__(self, product: Product) -> None:
        self.ward = Ward(product)
        self.answers: list[Reply] = []
        self.paths: list[str] = []

    def call(self, method: str, path: str, body: bytes | object = b"", **named: Any) -> Reply:
        """Call, and keep the answer."""
        answer = self.ward.product.call(method, path, body, **named)
        self.answers.append(answer)
        return answer

    async def play(self) -> tuple[Any, ...]:
        """Go through everything that people and machines do."""
        await published(self.ward.product)
        async with self.ward.product.opened() as services:
            await publish(services, NEWS)
            await publish(services, documents("by-link", by="link"))
        self.ward.fhir.put(CLINIC, self.ward.now)
        for person in PEOPLE:
            await self.ward.write(person.resource(), make.diabetes(person.patient_id))
        await self._results()
        await self._pages()
        await self._failures()
        await self._rubbish()
        await self._replies()
        await self._time()
        return tuple(await self.ward.rows(PEOPLE[0].patient_id))

    async def _results(self) -> None:
        """Tell of a result for each, the first with a trace: messages go out, and are reported on."""
        for number, person in enumerate(PEOPLE):
            event = self.ward.put(make.hba1c(person.patient_id, 1, 9.8, self.ward.now))
            headers = {"traceparent": PARENT} if not number else {}
            assert self.call("POST", EVENTS, [event], headers=headers).status == 200
        await self.ward.product.idle()

    async def _pages(self) -> None:
        """Follow links, look at preferences and change them, fill in a survey."""
        person = PEOPLE[1]
        for name in ("news-asked", "by-link"):
            told = {"id": name, "patient": {"reference": f"Patient/{person.patient_id}"}}
            assert self.call("POST", f"/api/events/{name}", told).status == 202
            await self.ward.product.idle()
        texts = [*self.ward.sent(person.email), *self.ward.sent(person.phone)]
        self.paths = [
            urlsplit(url).path for text in texts for url in re.findall(r"https?://\S+/api/\S+", text)
        ]
        assert len(self.paths) >= 4, texts
        for path in self.paths:
            self.ward.product.call("GET", path, key=None)
            fields = [
                ("asked", "feels"),
                ("answer-feels", "worse"),
                ("action", "save"),
                ("shown-on", "care|sms"),
            ]
            self.ward.product.call("POST", path, urlencode(fields).encode(), FORM, key=None)
        await self.ward.product.idle()

    async def _failures(self) -> None:
        """Have the provider report a failure and be busy, and a bug quote a patient."""
        third = PEOPLE[2]
        self._faults([{"do": "status", "status": 503, "to": third.phone}])
        await self._news(third, "busy")
        self._faults([{"do": "report-failed", "to": third.phone, "reason": "4004"}])
        await self._news(third, "failing")
        self._faults([])
        told = {"id": "1", "patient": {"reference": f"Patient/{third.patient_id}"}}
        self.call("POST", "/api/events/explode", told)
        await self.ward.product.idle()

    async def _news(self, person: Person, name: str) -> None:
        told = {"id": name, "patient": {"reference": f"Patient/{person.patient_id}"}}
        assert self.call("POST", "/api/events/by-link", told).status == 202
        await self.ward.product.idle()

    def _faults(self, rules: list[dict[str, object]]) -> None:
        url = f"{self.ward.product.urls['acs']}/sandbox/faults"
        request = urllib.request.Request(url, json.dumps(rules).encode(), method="PUT")
        with urllib.request.urlopen(request) as answer:
            assert answer.status in (200, 204)

    async def _rubbish(self) -> None:
        """Send what is no notification, no event, no job and no page, each with a patient in it."""
        for person in PEOPLE:
            quoted = json.dumps(person.resource()).encode()
            for path in (EVENTS, "/api/fhir/notifications/hooks", "/api/acs/events", "/api/events/x"):
                for body in (quoted, b"{" + quoted, b"[" + quoted + b"]", f"name={person.given}".encode()):
                    self.call("POST", path, body)
            self.call("GET", f"/api/l/{'A' * 22}", key=None)
            self.call("POST", "/api/reports/partner", quoted)
            self.call("POST", "/api/fhir/signed-notifications/medplum", quoted, key=None)
            for queue in ("changes", "reports", "inbound", "notifications", "acs-events", "pages"):
                await self._queue(queue, quoted)
        await self.ward.product.idle()

    async def _queue(self, queue: str, body: bytes) -> None:
        async with self.ward.product.opened() as services:
            await services.queue.send(queue, body)

    async def _replies(self) -> None:
        for person in PEOPLE:
            await self.ward.reply(person.phone, person.said)
        await self.ward.reply(PEOPLE[2].phone, "STOP")
        await self.ward.reply("+12065550999", PEOPLE[0].said)

    async def _time(self) -> None:
        """Let a week pass: who did not answer is reminded, and timers run."""
        self.ward.pass_time(8 * DAY + MINUTE)
        for timer in ("due", "sweep", "reconciliation", "watch"):
            await self.ward.run_timer(timer)


@cache
def recorded() -> Recorded:
    """Play the day, once."""
    with TemporaryDirectory() as folder, collecting() as collector:
        app = Path(folder) / "app"
        app.mkdir()
        shutil.copy(Path(__file__).with_name("broken_app.py"), app / "function_app.py")
        shutil.copy(ROOT / "host.json", app)
        place = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **SOON, **RETRIED_SOON, **AS_ON_AZURE}
        with running(Path(folder) / "stack", SOURCES, app=app, **place) as product:
            day = Day(product)
            rows = asyncio.run(day.play())
        log = (Path(folder) / "stack" / "logs" / "host.log").read_text("utf-8")
        return Recorded(collector, log, tuple(day.answers), tuple(day.paths), rows)


@cache
def recorded_on_the_bus() -> Collector:
    """Let one result become a message and its report on Service Bus, once."""
    person = PEOPLE[0]
    with TemporaryDirectory() as folder, collecting() as collector:
        place = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **SOON, **AS_ON_AZURE}
        with running(Path(folder), SOURCES, transport="servicebus", **place) as product:
            asyncio.run(_one_result(Ward(product), person))
        return collector


async def _one_result(ward: Ward, person: Person) -> None:
    await published(ward.product)
    ward.fhir.put(CLINIC, ward.now)
    await ward.write(person.resource(), make.diabetes(person.patient_id))
    event = ward.put(make.hba1c(person.patient_id, 1, 9.8, ward.now))
    assert ward.product.call("POST", EVENTS, [event], {"traceparent": PARENT}).status == 200
    await ward.product.idle()
    assert len(ward.sent(person.phone)) == 1
