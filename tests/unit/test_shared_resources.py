"""Resources that many patients share, taken in with a patient; and types that a server does not have."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import pytest

from shared.adapters.clock import SystemClock
from shared.adapters.fhir_answers import failure
from shared.adapters.memory import MemoryDocuments, MemoryIndexes, MemoryPatients, MemoryQueue
from shared.adapters.memory_fhir import MemoryFhir, Resource
from shared.catalogue import Catalogue, build_catalogue
from shared.errors import Rejected
from shared.message.policy import Policy
from shared.patient.record import PatientRecord, patient_key
from shared.queues import CHANGES
from shared.usecases.jobs import Change, decode_job
from shared.usecases.react import Trigger
from shared.usecases.recover import mark_known, reconcile
from shared.usecases.services import Services
from shared.usecases.take_change import take_change
from shared.usecases.take_in import take_in

STATIN = {
    "resourceType": "Medication",
    "id": "statin",
    "code": {"coding": [{"system": "urn:rx", "code": "1"}], "text": "A statin"},
}
REQUEST = {
    "resourceType": "MedicationRequest",
    "id": "r",
    "status": "active",
    "subject": {"reference": "Patient/p"},
    "medicationReference": {"reference": "Medication/statin"},
}


class Sparse(MemoryFhir):
    """A server that does not have some types, and of which $everything gives the patient's own only."""

    without: frozenset[str] = frozenset()

    async def search(self, resource_type: str, params: Mapping[str, str]) -> AsyncIterator[Resource]:
        if resource_type in self.without:
            raise failure(404, {})
        async for resource in super().search(resource_type, params):
            yield resource

    async def everything(self, patient_id: str) -> AsyncIterator[Resource]:
        async for resource in super().everything(patient_id):
            if resource["resourceType"] not in ("Location", "Medication"):
                yield resource


class Fixed:
    """Definitions with nothing in them."""

    async def current(self, seen: str = "") -> Catalogue:
        return build_catalogue((), "", Policy())


@pytest.fixture
def fhir() -> Sparse:
    return Sparse(SystemClock())


@pytest.fixture
def services(fhir: Sparse) -> Services:
    return Services(
        patients=MemoryPatients(),
        indexes=MemoryIndexes(),
        documents=MemoryDocuments(),
        queue=MemoryQueue(),
        fhir=fhir,
        channels={},
        definitions=Fixed(),
        clock=SystemClock(),
        policy=Policy(),
    )


async def record(services: Services) -> PatientRecord:
    return (await services.patients.load(patient_key("p"), "p")).record


async def work_off(services: Services) -> None:
    queue = services.queue
    assert isinstance(queue, MemoryQueue)
    while queue.waiting():
        job = decode_job(queue.take(CHANGES).body)
        assert isinstance(job, Change)
        await take_change(services, job, Trigger("t", 9))


async def test_a_medication_that_everything_leaves_out_is_taken_in_with_its_request(services, fhir):
    for resource in ({"resourceType": "Patient", "id": "p"}, STATIN, REQUEST):
        await fhir.update(resource)
    await take_in(services, "p")
    facts = (await record(services)).facts
    (request,) = facts.coded("MedicationRequest", "urn:rx|1")
    assert facts.title_of(request) == "A statin"
    assert await services.indexes.patients_of_reference("Medication/statin") == (patient_key("p"),)


async def test_its_change_reaches_the_request(services, fhir):
    for resource in ({"resourceType": "Patient", "id": "p"}, STATIN, REQUEST):
        await fhir.update(resource)
    await take_in(services, "p")
    await fhir.update({**STATIN, "code": {"coding": [{"system": "urn:rx", "code": "2"}]}})
    await take_change(services, Change("Medication", "statin", "2"), Trigger("t", 9))
    await work_off(services)
    facts = (await record(services)).facts
    assert facts.coded("MedicationRequest", "urn:rx|1") == []
    assert len(facts.coded("MedicationRequest", "urn:rx|2")) == 1


async def test_one_that_comes_after_its_request_is_found(services, fhir):
    for resource in ({"resourceType": "Patient", "id": "p"}, REQUEST):
        await fhir.update(resource)
    await take_in(services, "p")
    assert (await record(services)).facts.coded("MedicationRequest", "urn:rx|1") == []
    await fhir.update(STATIN)
    await work_off(services)  # it was looked for again, later
    assert len((await record(services)).facts.coded("MedicationRequest", "urn:rx|1")) == 1


async def test_a_type_that_the_server_does_not_have_does_not_keep_the_others_from_being_found(services, fhir):
    fhir.without = frozenset({"AdverseEvent", "Task"})
    await fhir.update({"resourceType": "Patient", "id": "p"})
    await mark_known(services)
    await fhir.update(REQUEST)
    assert await reconcile(services) > 0
    await work_off(services)
    assert (await record(services)).facts.get("MedicationRequest/r") is not None


async def test_what_the_server_refuses_for_another_reason_is_not_passed_over(services, fhir, monkeypatch):
    async def refuse(*_: object) -> AsyncIterator[Resource]:
        raise failure(400, {})
        yield {}

    monkeypatch.setattr(fhir, "search", refuse)
    with pytest.raises(Rejected) as rejected:
        await reconcile(services)
    assert rejected.value.code == "fhir-refused"
