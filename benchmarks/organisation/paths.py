"""The paths of a change, a report, a reply, a wake-up, a notification: run here in memory, and counted.

The code is the product's, adapters of tables included; only the table service, the queues, the FHIR server
and the provider are in memory. Settings are the defaults, but that messages go out at any hour.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from uuid import uuid4

from msgspec.structs import replace

from benchmarks import people
from benchmarks.documents import journey, one_message, shares
from benchmarks.feed import events
from benchmarks.organisation.counting import (
    FHIR,
    OPERATIONS,
    PROVIDER,
    QUEUE,
    Counting,
    CountingTables,
    Tally,
)
from benchmarks.organisation.memory_tables import MemoryTables
from cli.definitions import read_definitions
from shared.adapters.memory import MemoryQueue
from shared.adapters.memory_fhir import MemoryFhir
from shared.adapters.table_documents import DOCUMENTS, TableDocuments
from shared.adapters.table_indexes import INDEX, WAKEUPS, TableIndexes
from shared.adapters.table_store import TABLE, TablePatientStore
from shared.adapters.tables import TableService
from shared.catalogue import Document
from shared.decide import decide
from shared.effects import IndexContact
from shared.events import DefinitionsPublished
from shared.fhir.instants import DAY, Instant
from shared.fhir.notification import Limits
from shared.fhir.sources import Source
from shared.message.outbound import Accepted, OutboundMessage
from shared.message.policy import Policy
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord, patient_key
from shared.ports import Stored
from shared.queues import POPULATIONS
from shared.usecases.audit import audit_everyone
from shared.usecases.hear import hear_message
from shared.usecases.inbound.take import take_inbound
from shared.usecases.jobs import Change, Inbound, Populate, Report, decode_job
from shared.usecases.populate import populate, start_population
from shared.usecases.publish import publish
from shared.usecases.published import PublishedDefinitions
from shared.usecases.react import Trigger
from shared.usecases.recover import reconcile
from shared.usecases.report import take_report
from shared.usecases.services import Services
from shared.usecases.take_change import take_change
from shared.usecases.wake import queue_due, wake, wake_many

FACTS = 100
"""Of each patient."""
MANY = 200
"""Patients where what is done for many at once is counted for each."""


class _Clock:
    def __init__(self) -> None:
        self.at = people.START

    def now(self) -> Instant:
        """Return the instant that was set."""
        return self.at


class _Provider:
    """Accepts everything."""

    async def send(self, message: OutboundMessage) -> Accepted:
        return Accepted(str(uuid4()))

    async def add(self, address: str) -> None:
        """Take a number on the list."""

    async def remove(self, address: str) -> None:
        """Take a number off it."""


@dataclass(frozen=True, slots=True)
class Ward:
    """Services whose calls are counted, and the means to set a scene without counting."""

    services: Services
    tally: Tally
    fhir: MemoryFhir
    queue: MemoryQueue
    clock: _Clock
    numbers: count[int] = field(default_factory=lambda: count(1))

    async def admit(self, patients: int, facts: int = FACTS) -> list[int]:
        """Store patients with a past, looked at under the definitions in force; their numbers."""
        current = await self.services.definitions.current()
        past = Facts.of_facts(*people.facts(facts))
        numbers = [next(self.numbers) for _ in range(patients)]
        for number in numbers:
            key, name = patient_key(f"p-{number}"), f"p-{number}"
            await self.fhir.update(people.patient(number))
            record = PatientRecord(
                key=key,
                patient_id=name,
                person=people.person(number),
                facts=past,
                contacts=(f"sms|{people.phone(number)}",),
            )
            decision = decide(record, DefinitionsPublished(), current, self.clock.now())
            settled = replace(decision, record=replace(decision.record, outbox={}))
            await self.services.patients.commit(Stored(PatientRecord(key=key, patient_id=name)), settled)
            await self.services.indexes.apply(key, IndexContact("sms", people.phone(number)))
        return numbers

    async def register(self, patients: int) -> None:
        """Let patients come by the path of every change, with one Observation each: all agrees then."""
        for number in (next(self.numbers) for _ in range(patients)):
            version = await self.fhir.update(people.patient(number))
            await self.take(Change("Patient", f"p-{number}", version, "created"))
            await self.take(await self.observe(number, people.SILENT))

    async def observe(self, number: int, code: str, value: float = 7.0) -> Change:
        """Write an Observation of a patient on the FHIR server; the change that tells of it."""
        body = people.observation(people.observation_id(number, next(self.numbers), code == people.SENDS))
        body["code"] = {"coding": [{"system": people.LOINC, "code": code}]}
        body["valueQuantity"] = {"value": value, "unit": "1", "code": "1"}
        version = await self.fhir.update(body)
        return Change("Observation", str(body["id"]), version, "created")

    async def take(self, change: Change) -> None:
        """Carry a change through."""
        await take_change(self.services, change, Trigger(uuid4().hex))


@cache
def _documents() -> tuple[Document, ...]:
    return (*read_definitions(), *one_message(), *shares(50), _waiting())


async def ward(inner: TableService) -> Ward:
    """Open a ward over empty tables, the shipped definitions in force, and a journey of one message."""
    clock, tally = _Clock(), Tally()
    fhir, queue = MemoryFhir(clock), MemoryQueue()
    for name in (TABLE, WAKEUPS, INDEX, DOCUMENTS):
        await inner.create(name)
    counted = CountingTables(inner, tally)
    documents = TableDocuments(counted)
    provider = Counting(_Provider(), tally, PROVIDER)
    policy = Policy(
        zone=people.ZONE.key, write_communications=True, write_consents=True, questions_to_staff=True
    )
    services = Services(
        patients=TablePatientStore(counted),
        indexes=TableIndexes(counted),
        documents=documents,
        queue=Counting(queue, tally, QUEUE),
        fhir=Counting(fhir, tally, FHIR),
        channels={"sms": provider},
        definitions=PublishedDefinitions(documents, policy, 3600.0),
        clock=clock,
        policy=policy,
        opt_out_list=provider,
    )
    await publish(services, _documents())
    await services.definitions.current()
    return Ward(services, tally, fhir, queue, clock)


def _waiting() -> Document:
    steps = [{"id": f"wait-{number}", "kind": "wait", "duration": "P1D"} for number in (1, 2)]
    trigger = {"fhir_change": {"type": "Observation", "codes": [f"{people.LOINC}|{_WAITS}"]}}
    return journey("waiting", {"trigger": trigger, "re_entry": "per-focus", "steps": steps})


_WAITS = "55555-5"
type Run = Callable[[Ward], Awaitable[Callable[[], Awaitable[object]]]]
"""Sets the scene, and returns what is to be counted."""


async def _nothing(at: Ward) -> Callable[[], Awaitable[object]]:
    (number,) = await at.admit(1)
    change = await at.observe(number, people.SILENT)
    await at.take(change)
    return lambda: at.take(change)


def _observation(code: str) -> Run:
    async def scene(at: Ward) -> Callable[[], Awaitable[object]]:
        (number,) = await at.admit(1)
        change = await at.observe(number, code)
        return lambda: at.take(change)

    return scene


async def _report(at: Ward) -> Callable[[], Awaitable[object]]:
    (number,) = await at.admit(1)
    await at.take(await at.observe(number, people.SENDS))
    key = patient_key(f"p-{number}")
    (message,) = await at.services.patients.messages(key)
    job = Report(message.message_id, key, "delivered", at.clock.now())
    return lambda: take_report(at.services, job, Trigger("report"))


def _reply(text: str) -> Run:
    async def scene(at: Ward) -> Callable[[], Awaitable[object]]:
        (number,) = await at.admit(1)
        await at.take(await at.observe(number, people.SENDS))
        job = Inbound("in-1", "sms", people.phone(number), text, at.clock.now())
        return lambda: take_inbound(at.services, job, Trigger("reply"))

    return scene


def _wakeups(patients: int) -> Run:
    """Wake patients by the timer: each enrolment goes from one wait to the next."""

    async def scene(at: Ward) -> Callable[[], Awaitable[object]]:
        for number in await at.admit(patients):
            await at.take(await at.observe(number, _WAITS))
        at.clock.at = Instant(at.clock.at + DAY)
        return lambda: _wake_all(at)

    return scene


async def _wake_all(at: Ward) -> None:
    await queue_due(at.services)
    while at.queue.queues["wakeups"]:
        letter = at.queue.take("wakeups")
        job = decode_job(letter.body)
        carry_out = wake_many if type(job).__name__ == "WakeMany" else wake
        await carry_out(at.services, job, Trigger(letter.letter_id))  # type: ignore[arg-type]


def _notification(changes: int) -> Run:
    async def scene(at: Ward) -> Callable[[], Awaitable[object]]:
        (number,) = await at.admit(1)
        names = [people.observation_id(number, n, sends=False) for n in range(changes)]
        source = Source(name="queue", formats=frozenset({"event-grid", "cloud-events"}), required=False)
        body = events(names)
        return lambda: hear_message(at.services, source, body, Limits())

    return scene


def _population(share: int) -> Run:
    """Publish a segment that so many of a hundred patients enter."""

    async def scene(at: Ward) -> Callable[[], Awaitable[object]]:
        for position, number in enumerate(await at.admit(MANY)):
            value = 0.5 if position % 100 < share else 99.0
            await at.take(await at.observe(number, people.SHARE.partition("|")[2], value))
        published = await publish(at.services, shares(1))
        return lambda: _populate_all(at, published.population)

    return scene


async def _populate_all(at: Ward, version: str) -> None:
    await start_population(at.services, version, shards=1)
    while at.queue.queues[POPULATIONS]:
        letter = at.queue.take(POPULATIONS)
        job = decode_job(letter.body)
        assert isinstance(job, Populate)
        await populate(at.services, job, Trigger(letter.letter_id))


async def _audit(at: Ward) -> Callable[[], Awaitable[object]]:
    await at.register(MANY)
    return lambda: audit_everyone(at.services, repair=True)


async def _reconcile(at: Ward) -> Callable[[], Awaitable[object]]:
    await at.register(MANY)
    return lambda: reconcile(at.services)


async def _search_all(at: Ward) -> Callable[[], Awaitable[object]]:
    return lambda: reconcile(at.services)


@dataclass(frozen=True, slots=True)
class Path:
    """One path: in words, the scene and what to count, how many of it, and queue messages it takes off."""

    words: str
    run: Run
    of: int = 1
    taken: float = 1.0
    alone: bool = False
    """It needs a ward with nobody else."""


PATHS: dict[str, Path] = {
    "notification": Path("a notification of one change, by queue", _notification(1)),
    "notification_of_20": Path("the same with twenty changes", _notification(20)),
    "nothing": Path("a change that means nothing: heard before", _nothing),
    "fact": Path("a change that adds a fact", _observation(people.SILENT)),
    "segment": Path("one that enters a segment", _observation(people.SHARE.partition("|")[2])),
    "sends": Path("one that enters a journey and sends a message", _observation(people.SENDS)),
    "report": Path("a delivery report", _report),
    "stop": Path("a reply: STOP", _reply("STOP")),
    "question": Path("a reply that is for staff", _reply("May I bring my dog along?")),
    "wakeup": Path("a wake-up, alone, its timer with it", _wakeups(1), alone=True),
    "wakeup_of_many": Path("a wake-up of many at once", _wakeups(MANY), MANY, 1 / 50, alone=True),
    "population": Path("a publication, for one who does not enter", _population(0), MANY, 0.0, alone=True),
    "population_enters": Path("a publication, for one who enters", _population(100), MANY, 0.0, alone=True),
    "reconciliation": Path("the search for what was missed: nothing new", _search_all, 1, 0.0, alone=True),
    "reconciled": Path("the same, for a resource heard before", _reconcile, 2 * MANY, 0.0, alone=True),
    "audited": Path("the nightly audit, for a patient", _audit, MANY, 1 / 40, alone=True),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """What one of a path asks for: operations, and rows by kind of partition."""

    operations: dict[str, float]
    rows: dict[str, float]


async def count_path(name: str, at: Ward) -> Counted:
    """Run a path and count it."""
    path = PATHS[name]
    run = await path.run(at)
    at.tally.counts.clear()
    at.tally.rows.clear()
    await run()
    counts = {one: round(at.tally.counts[one] / path.of, 3) for one in OPERATIONS}
    counts["queue_taken"] = round(path.taken, 3)
    return Counted(counts, {kind: round(n / path.of, 3) for kind, n in sorted(at.tally.rows.items())})


async def count_all() -> dict[str, Counted]:
    """Count every path."""
    shared = await ward(MemoryTables())
    return {
        name: await count_path(name, await ward(MemoryTables()) if path.alone else shared)
        for name, path in PATHS.items()
    }
