"""The audit trail as AuditEvents on the sandbox's real FHIR server: taken, there once, compared."""

from __future__ import annotations

from uuid import uuid4

import aiohttp
from msgspec.structs import replace
from trail_kit import SECRET, an_entry

from shared.access.chain import Sealer
from shared.adapters.fhir_calls import FhirCalls
from shared.adapters.fhir_http import FhirHttp
from shared.adapters.memory_trail import MemoryLanes, MemoryTrail
from shared.fhir.references import ResourceKey
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.usecases.operations.running import Progress
from shared.usecases.services import Services
from shared.usecases.trail.export import KIND, STATE, event_of, export_work, start_export
from shared.usecases.trail.listing import Wanted, list_entries
from shared.usecases.trail.verify import verify
from tests.unit.memory_kit import Time, in_memory


async def exported(services: Services) -> int:
    work = await start_export(services)
    found = (await export_work(services, work, Progress(services, work)))["written"]
    assert isinstance(found, int)
    return found


async def told(_: int) -> None:
    return


async def test_entries_are_there_once_however_often_they_are_written(sekmet: str) -> None:
    async with aiohttp.ClientSession() as session:
        server = FhirHttp(FhirCalls(session, sekmet))
        trail = MemoryTrail(MemoryLanes(), Sealer([SECRET]))
        services = replace(in_memory(Time()), fhir=server, trail=trail)
        patient = uuid4().hex
        await server.update({"resourceType": "Patient", "id": patient})
        key = patient_key(patient)
        stored = await services.patients.load(key, patient)
        await services.patients.commit(stored, Decision(PatientRecord(key, patient)))
        for number in (1, 2, 3):
            await trail.append(an_entry(number, patient=key, request=f"{patient}-{number}"))
        assert await exported(services) == 3
        await services.documents.delete(KIND, STATE)
        assert await exported(services) == 3
        (listed, *_), _ = await list_entries(trail, Wanted(patient=key), None, 1)
        assert listed.entry is not None
        event = event_of(listed.link, listed.entry, patient)
        found = await server.read(ResourceKey("AuditEvent", str(event["id"])))
        assert found.resource is not None
        assert found.resource["entity"] == event["entity"]
        search = server.search("AuditEvent", {"entity": f"Patient/{patient}"})
        assert len({each["id"] async for each in search}) == 3
        assert (await verify(services, told)).fhir == "agrees"
