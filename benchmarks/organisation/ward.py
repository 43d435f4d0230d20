"""A ward: the product's services over storage in memory, every call counted, and means to set a scene."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import count
from uuid import NAMESPACE_URL, uuid5

from msgspec.structs import replace

from benchmarks import people
from benchmarks.documents import journey, one_message, shares
from benchmarks.organisation.counting import (
    FHIR,
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
from shared.fhir.instants import Instant
from shared.message.outbound import Accepted, OutboundMessage
from shared.message.policy import Policy
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord, patient_key
from shared.ports import Stored
from shared.usecases.jobs import Change
from shared.usecases.publish import publish
from shared.usecases.published import PublishedDefinitions
from shared.usecases.react import Trigger
from shared.usecases.services import Services
from shared.usecases.take_change import take_change

FACTS = 100
"""Of each patient."""


class _Clock:
    def __init__(self) -> None:
        self.at = people.START

    def now(self) -> Instant:
        """Return the instant that was set."""
        return self.at


class _Provider:
    """Accepts everything."""

    async def send(self, message: OutboundMessage) -> Accepted:
        return Accepted(str(uuid5(NAMESPACE_URL, message.message_id)))

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
    tables: TableService
    numbers: count[int] = field(default_factory=lambda: count(1))

    @property
    def bytes(self) -> int:
        """Return how much the tables hold, where they are in memory; else 0."""
        return self.tables.bytes if isinstance(self.tables, MemoryTables) else 0

    @property
    def rows(self) -> int:
        """Return how many rows the partitions of patients have, where they are in memory; else 0."""
        return self.tables.rows(TABLE) if isinstance(self.tables, MemoryTables) else 0

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
        await take_change(self.services, change, Trigger(f"{next(self.numbers):032x}"))


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
    return Ward(services, tally, fhir, queue, clock, inner)


def _waiting() -> Document:
    steps = [{"id": f"wait-{number}", "kind": "wait", "duration": "P1D"} for number in (1, 2)]
    trigger = {"fhir_change": {"type": "Observation", "codes": [f"{people.LOINC}|{WAITS}"]}}
    return journey("waiting", {"trigger": trigger, "re_entry": "per-focus", "steps": steps})


WAITS = "55555-5"
"""The code that starts a journey of waits."""
