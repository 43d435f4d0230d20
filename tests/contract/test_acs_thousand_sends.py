"""A thousand sends through the real loop, a provider that fails in five ways: no double, nothing unexplained.

The records are in memory (held by the contract suite of the store), the adapters are the real ones over HTTP,
and the reports come back by HTTP as Event Grid brings them. Which calls fail is chance, the same every time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from acs_kit import KEY, SENDERS
from aiohttp import web
from msgspec.structs import replace

from functions.delivery_reports import _job
from sandbox.acs.app import Running, started
from sandbox.acs.faults import Rule
from sandbox.acs.service import Options
from shared.adapters.acs_auth import AcsKey
from shared.adapters.acs_email import AcsEmail
from shared.adapters.acs_http import AcsHttp, Patience
from shared.adapters.acs_sms import AcsSms
from shared.adapters.acs_whatsapp import AcsWhatsApp
from shared.catalogue import Document
from shared.errors import Rejected, Unavailable
from shared.events import EnrolAsked
from shared.fhir.acs_events import parse_acs_events
from shared.fhir.instants import MINUTE, SECOND
from shared.fhir.notification import Limits
from shared.patient.record import patient_key
from shared.patient.state import Message
from shared.queues import WAKEUPS
from shared.usecases.jobs import Change, Inbound, Report, Wake, WakeMany, decode_job
from shared.usecases.publish import publish
from shared.usecases.react import Trigger, react
from shared.usecases.report import take_report
from shared.usecases.take_change import take_change
from shared.usecases.wake import queue_due, wake_many
from tests.unit.memory_kit import Time, in_memory, person, server

COUNT = 1_000
BASE = "https://thousand.example"
WAYS = ("sms", "email", "whatsapp")
AT_ONCE = 16
PATIENCE = Patience(total=3.0, one_try=0.3, connect=2.0, tries=3, first_pause=0.01, longest_pause=0.02)
FAULTS = (
    Rule("status", status=400, chance=0.05, seed="refuse"),
    Rule("status", status=429, retry_after=2, chance=0.05, seed="throttle"),
    Rule("status", status=503, chance=0.06, seed="away"),
    Rule("accept-slow", ms=700, chance=0.06, seed="time-out"),
    Rule("drop", chance=0.05, seed="reset before"),
    Rule("accept-drop", chance=0.08, seed="reset after"),
    Rule("report-failed", channel="sms", reason="4006", chance=0.1, seed="unreachable"),
    Rule("report-failed", channel="email", reason="Bounced", chance=0.1, seed="bounced"),
    Rule("report-failed", channel="whatsapp", reason="131026", chance=0.1, seed="no WhatsApp there"),
    Rule("report-twice", chance=0.2, seed="twice"),
    Rule("report-late", seconds=0.2, chance=0.2, seed="late"),
    Rule("report-reorder", chance=0.2, seed="out of order"),
    Rule("report-none", chance=0.05, seed="none"),
)  # fmt: skip


def template(way: str) -> Document:
    words: dict[str, object] = {"text": {"en": "Hello"}}
    more = {
        "email": {"subject": {"en": "Hello"}},
        "whatsapp": {"approved": {"name": "hello", "language": {"en": "en_US"}}},
    }
    body = {**words, **more.get(way, {})}
    url = f"{BASE}/templates/{way}"
    return Document(
        "template", f"{way}.yaml", {"url": url, "version": "1", "title": way, "channels": {way: body}}
    )


def journey(way: str) -> Document:
    step = {"id": "tell", "kind": "send", "template": f"{BASE}/templates/{way}", "channels": [way]}
    body = {
        "url": f"{BASE}/journeys/{way}",
        "version": "1",
        "title": way,
        "trigger": {"manual": True},
        "steps": [step],
    }
    return Document("journey", f"{way}-journey.yaml", body)


def people() -> list[tuple[str, str]]:
    return [(f"p{number}", WAYS[number % len(WAYS)]) for number in range(COUNT)]


class House:
    """Our side: the loop over records in memory, woken as time passes, told what the provider reports."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.clock = Time()
        self._session = session
        self.services = in_memory(self.clock)
        self.reports = 0
        self.strangers: set[str] = set()
        """Ids in reports that are of none of our messages."""
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def open(self, url: str) -> None:
        http = AcsHttp(self._session, url, AcsKey(KEY), PATIENCE, clock=lambda: self.clock.at / SECOND)
        makers = {"sms": AcsSms, "email": AcsEmail, "whatsapp": AcsWhatsApp}
        channels = {way: make(http, SENDERS[way]) for way, make in makers.items()}
        self.services = replace(self.services, channels=channels)
        await publish(self.services, tuple(made(way) for way in WAYS for made in (template, journey)))

    async def admit_and_enrol(self, name: str, way: str, number: int) -> None:
        """Know a patient, and let them into the journey of one channel; a second passes with each."""
        async with self._slots:
            self.clock.passes(SECOND)
            contact = {"system": "phone", "use": "mobile", "value": f"+1206555{number:04}"}
            if way == "email":
                contact = {"system": "email", "value": f"{name}@example.org"}
            await server(self.services).update(person(name, telecom=[contact]))
            await take_change(self.services, Change("Patient", name), Trigger(f"admit-{name}"))
            asked = EnrolAsked(f"{BASE}/journeys/{way}", "one", "asked for")
            await react(self.services, patient_key(name), [asked], Trigger(f"enrol-{name}"))

    async def wake(self) -> int:
        """Wake whoever is due."""
        await queue_due(self.services)
        woken = 0
        while WAKEUPS in self.services.queue.waiting():
            letter = self.services.queue.take(WAKEUPS)
            job = decode_job(letter.body)
            wakes = job.wakes if isinstance(job, WakeMany) else [job]
            assert all(isinstance(each, Wake) for each in wakes)
            for each in wakes:
                self.clock.passes(SECOND)
                await wake_many(self.services, WakeMany((each,)), Trigger(f"{letter.letter_id}-{each.key}"))
                woken += 1
        return woken

    async def hear(self, request: web.Request) -> web.Response:
        """Take what Event Grid brings, as the function and its queue do."""
        again = False
        for event in parse_acs_events(await request.read(), Limits()):
            job = _job(event)
            assert not isinstance(job, Inbound)
            if isinstance(job, Report):
                self.reports += 1
                try:
                    await take_report(self.services, job, Trigger(f"report-{self.reports}"))
                except Unavailable:
                    again = True
                except Rejected:
                    self.strangers.add(job.message_id)
        return web.Response(status=503 if again else 200)

    async def messages(self) -> list[Message]:
        return [m for name, _ in people() for m in await self.services.patients.messages(patient_key(name))]


@asynccontextmanager
async def both_sides() -> AsyncIterator[tuple[House, Running]]:
    async with aiohttp.ClientSession() as session:
        house = House(session)
        sink = web.Application()
        sink.add_routes([web.post("/events", house.hear)])
        runner = web.AppRunner(sink, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/events"
            options = Options(KEY, url, first_pause=0.01, numbers=(SENDERS["sms"],))
            async with started(options, house.clock) as running:
                await house.open(running.url)
                yield house, running
        finally:
            await runner.cleanup()


async def test_a_thousand_sends_with_five_faults() -> None:
    async with both_sides() as (house, running):
        running.service.faults.replace(FAULTS)
        async with asyncio.TaskGroup() as group:
            for number, (name, way) in enumerate(people()):
                group.create_task(house.admit_and_enrol(name, way, number))
        for _ in range(200):
            left = [m for m in await house.messages() if m.status in ("preparation", "in-progress")]
            if not left:
                break
            house.clock.passes(MINUTE)
            await house.wake()
        await settled(house, running)

        messages, store = await house.messages(), running.service.store
        assert len(messages) >= COUNT
        requests = {key: one.accepts for key, one in store.requests.items()}
        accepted = {m.message_id: requests.get(m.message_id, 0) for m in messages}
        assert max(accepted.values()) == 1, "the provider took a message twice"
        assert store.identical == 0, "somebody got the same words twice"
        assert set(requests) <= set(accepted)
        for message in messages:
            taken = accepted[message.message_id]
            match message.status:
                case "completed":
                    assert taken == 1
                case "not-done":
                    assert message.status_reason
                    assert taken == 0
                case "unknown":
                    assert message.status_reason
                case _:
                    raise AssertionError(f"{message.status}: {message.status_reason}")
        told = Counter(m.status for m in messages)
        assert told["completed"] > 0.8 * COUNT
        assert told["not-done"] > 10
        assert {m.delivery for m in messages if m.status == "completed"} >= {"sent", "delivered", "failed"}
        assert all(m.code for m in messages if m.delivery == "failed")
        unheard = {m.message_id for m in messages if (m.status, m.channel) == ("unknown", "whatsapp")}
        assert house.strangers <= {store.requests[key].message_id for key in unheard}
        struck = dict(zip((rule.seed for rule in FAULTS), running.service.faults.matched, strict=True))
        assert all(struck.values()), struck


async def settled(house: House, running: Running) -> None:
    """Wait until every report has been taken, as time goes on."""
    running.service.release()
    pusher = running.service.pusher
    async with asyncio.timeout(20):
        while pusher.pending:
            house.clock.passes(MINUTE)
            await asyncio.sleep(0.02)
