"""The tour happens as it says: its notification is heard in memory, and what comes of it is what it shows."""

from __future__ import annotations

import json

from msgspec import Struct

from cli.definitions import read_definitions
from sandbox.play import resources as make
from shared.adapters.memory import MemoryDocuments, MemoryIndexes, MemoryPatients, MemoryQueue
from shared.adapters.memory_fhir import MemoryFhir
from shared.fhir.fact import Fact, Value
from shared.fhir.instants import HOUR, Instant, parse_instant
from shared.fhir.notification import Limits, Request
from shared.fhir.proof import Evidence
from shared.fhir.sources import FunctionKey, Source
from shared.message.outbound import Accepted, OutboundMessage, SendResult
from shared.message.policy import Policy
from shared.patient.record import patient_key
from shared.queues import CHANGES
from shared.usecases.hear import hear
from shared.usecases.jobs import Change, Wake, decode_job
from shared.usecases.publish import publish
from shared.usecases.published import PublishedDefinitions
from shared.usecases.react import Trigger
from shared.usecases.services import Services
from shared.usecases.take_change import take_change
from shared.usecases.take_in import take_in
from shared.usecases.wake import wake
from tests.unit.docs.pages import DOCS, blocks, prose

TOUR = DOCS / "tour.md"
ANA = patient_key("ana")
SOURCE = Source(name="events", formats=frozenset({"event-grid"}), proofs=(FunctionKey(),))


class Clock:
    """A clock that stands where it is put."""

    at = parse_instant("2026-03-03T15:00:00Z")

    def now(self) -> Instant:
        return self.at


class Phone:
    """A channel that takes everything."""

    def __init__(self) -> None:
        self.messages: list[OutboundMessage] = []

    async def send(self, message: OutboundMessage) -> SendResult:
        self.messages.append(message)
        return Accepted("provider-1")


class Stage(Struct):
    """Everything in memory, and what can be seen of it."""

    services: Services
    clock: Clock
    queue: MemoryQueue
    fhir: MemoryFhir
    phone: Phone

    async def timeline(self) -> list[str]:
        return [f"{line.kind}: {line.text}" for line in await self.services.patients.timeline(ANA)]


async def before_the_result() -> Stage:
    """Ana is registered with diabetes, taken in, and the shipped definitions are published."""
    clock, phone, queue, documents = Clock(), Phone(), MemoryQueue(), MemoryDocuments()
    fhir = MemoryFhir(clock)
    policy = Policy(zone="America/New_York", organisation="Riverside Clinic", phone="+1 212 555 0100")
    services = Services(
        patients=MemoryPatients(),
        indexes=MemoryIndexes(),
        documents=documents,
        queue=queue,
        fhir=fhir,
        channels={"sms": phone},
        definitions=PublishedDefinitions(documents, policy, 0),
        clock=clock,
        policy=policy,
    )
    await publish(services, read_definitions())
    await fhir.update(make.patient("ana", "Ana", "Lopez", "(212) 555-0142"))
    await fhir.update(make.diabetes("ana"))
    await take_in(services, "ana")
    return Stage(services, clock, queue, fhir, phone)


async def test_the_tour_happens_as_it_says() -> None:
    stage = await before_the_result()
    lines_before = len(await stage.timeline())
    stage.clock.at = Instant(stage.clock.at + HOUR)
    await stage.fhir.update(make.hba1c("ana", 1, 9.1, stage.clock.at))

    event, job = blocks(TOUR, "json")
    request = Request("POST", "/events", body=event.encode())
    receipt = await hear(stage.services, SOURCE, request, Evidence(function_key=True), Limits())
    letter = stage.queue.take(CHANGES)
    change = decode_job(letter.body)
    assert receipt.queued == 1
    assert json.loads(letter.body) == json.loads(job)
    assert isinstance(change, Change)

    await take_change(stage.services, change, Trigger(letter.letter_id))
    fact, words, lines = blocks(TOUR, "text")
    record = (await stage.services.patients.load(ANA)).record
    assert record.facts.get("Observation/ana-hba1c-1") == eval(fact, {"Fact": Fact, "Value": Value})
    assert f"`{ANA}`" in prose(TOUR)
    assert [message.text for message in stage.phone.messages] == [words.strip()]
    assert (await stage.timeline())[lines_before:] == lines.strip().splitlines()


async def test_a_week_later_she_is_reminded_once() -> None:
    stage = await before_the_result()
    await stage.fhir.update(make.hba1c("ana", 1, 9.1, stage.clock.at))
    await take_change(stage.services, Change("Observation", "ana-hba1c-1", "1"), Trigger("change"))
    (wakeup,) = await stage.services.indexes.due(Instant(stage.clock.at + 8 * 24 * HOUR), 10)
    stage.clock.at = wakeup.due
    await wake(stage.services, Wake(wakeup.key, wakeup.due), Trigger("wake"))
    await wake(stage.services, Wake(wakeup.key, wakeup.due), Trigger("wake again"))
    assert len(stage.phone.messages) == 2
    assert "message: To be sent by SMS: Diabetes reminder, in en" in await stage.timeline()


async def test_better_values_end_it_without_a_reminder() -> None:
    stage = await before_the_result()
    await stage.fhir.update(make.hba1c("ana", 1, 9.1, stage.clock.at))
    await take_change(stage.services, Change("Observation", "ana-hba1c-1", "1"), Trigger("change"))
    stage.clock.at = Instant(stage.clock.at + HOUR)
    await stage.fhir.update(make.hba1c("ana", 2, 7.1, stage.clock.at))
    await take_change(stage.services, Change("Observation", "ana-hba1c-2", "1"), Trigger("better"))
    record = (await stage.services.patients.load(ANA)).record
    assert record.enrolments == {}
    assert len(stage.phone.messages) == 1
    assert (await stage.timeline())[-1].startswith(
        "journey: Left Diabetes outreach: no longer in the segment"
    )
