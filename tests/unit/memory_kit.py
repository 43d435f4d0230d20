"""What tests of use cases share: everything in memory, a clock set by hand, people, results, segments."""

from __future__ import annotations

from shared.adapters.memory import MemoryDocuments, MemoryIndexes, MemoryPatients, MemoryQueue
from shared.adapters.memory_fhir import MemoryFhir
from shared.adapters.memory_trail import MemoryTrail
from shared.catalogue import Document
from shared.fhir.instants import Instant, parse_instant
from shared.message.policy import Policy
from shared.patient.record import PatientRecord, patient_key
from shared.usecases.publish import publish
from shared.usecases.published import PublishedDefinitions
from shared.usecases.services import Services

type Resource = dict[str, object]

LOINC = "http://loinc.org"
HIGH = "https://hearthline.example/segments/high"
RECENT = "https://hearthline.example/segments/recent"
"""Segments that `segments` publishes: an HbA1c above 9 %, and one within 30 days."""


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = parse_instant("2026-03-02T09:00:00Z")

    def now(self) -> Instant:
        return self.at

    def passes(self, length: int) -> None:
        self.at = Instant(self.at + length)


def in_memory(clock: Time) -> Services:
    documents = MemoryDocuments()
    return Services(
        patients=MemoryPatients(),
        indexes=MemoryIndexes(),
        documents=documents,
        queue=MemoryQueue(),
        fhir=MemoryFhir(clock),
        channels={},
        definitions=PublishedDefinitions(documents, Policy(), 0),
        clock=clock,
        policy=Policy(),
        trail=MemoryTrail(),
    )


def server(services: Services) -> MemoryFhir:
    assert isinstance(services.fhir, MemoryFhir)
    return services.fhir


def person(patient_id: str, **more: object) -> Resource:
    return {
        "resourceType": "Patient",
        "id": patient_id,
        "birthDate": "1980-05-17",
        "gender": "female",
        **more,
    }


def result(result_id: str, patient_id: str, value: float, at: str = "2026-03-01T09:00:00Z") -> Resource:
    return {
        "resourceType": "Observation",
        "id": result_id,
        "status": "final",
        "subject": {"reference": f"Patient/{patient_id}"},
        "code": {"coding": [{"system": LOINC, "code": "4548-4"}]},
        "effectiveDateTime": at,
        "valueQuantity": {"value": value, "code": "%"},
    }


def visit(visit_id: str, patient_id: str, place: str, start: str = "2026-03-20T10:00:00Z") -> Resource:
    actors = (f"Patient/{patient_id}", place)
    return {
        "resourceType": "Appointment",
        "id": visit_id,
        "status": "booked",
        "start": start,
        "participant": [{"actor": {"reference": actor}, "status": "accepted"} for actor in actors],
    }


async def segments(services: Services) -> None:
    """Publish HIGH and RECENT."""
    found = {"type": "Observation", "code": "loinc|4548-4"}
    criteria = {
        HIGH: {**found, "which": "latest", "value": {"above": 9, "unit": "%"}},
        RECENT: {**found, "when": {"starts": {"last": "P30D"}}},
    }
    bodies = [
        {"url": url, "version": "1.0.0", "title": url.rpartition("/")[2], "criteria": {"has": criterion}}
        for url, criterion in criteria.items()
    ]
    await publish(services, tuple(Document("segment", f"{body['title']}.yaml", body) for body in bodies))


async def record(services: Services, patient_id: str) -> PatientRecord:
    return (await services.patients.load(patient_key(patient_id), patient_id)).record
