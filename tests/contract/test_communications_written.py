"""A message's Communication on the sandbox's real FHIR server: it is taken, written over, found, and ours."""

from __future__ import annotations

from uuid import uuid4

import aiohttp
import orjson
import pytest
from msgspec.structs import replace

from shared.adapters.clock import SystemClock
from shared.adapters.fhir_calls import FhirCalls
from shared.adapters.fhir_http import FhirHttp
from shared.fhir.own import is_ours
from shared.fhir.references import ResourceKey
from shared.message.communication import write_back
from shared.message.policy import Policy
from shared.patient.record import PatientRecord
from shared.patient.state import Message
from shared.usecases.audit_server import list_batch
from shared.usecases.privacy.written import written
from tests.unit.memory_kit import Time, in_memory

POLICY = Policy(organisation="Riverside Clinic", write_communications=True)
NOW = SystemClock().now()


def message(**changes: object) -> Message:
    said = Message(
        str(uuid4()), "e", 1, "s", "https://j.example|1", "https://t.example|1", "sms", "+1", "en",
        "completed", NOW, NOW, text="Hello Ann", first_sent=NOW, provider_id="Outgoing_1", delivery="sent",
    )  # fmt: skip
    return replace(said, **changes)


@pytest.mark.parametrize("status", ["completed", "not-done", "unknown"])
async def test_it_is_taken_written_over_found_and_passed_over_by_audits(sekmet: str, status: str) -> None:
    async with aiohttp.ClientSession() as session:
        server = FhirHttp(FhirCalls(session, sekmet))
        services = replace(in_memory(Time()), fhir=server)
        patient = uuid4().hex
        await server.update({"resourceType": "Patient", "id": patient})
        record = PatientRecord("k", patient)
        first = message(
            status=status, status_reason="Appointment/a is cancelled" if status != "completed" else ""
        )
        later = replace(first, delivery="delivered", delivery_at=NOW)
        for version, said in (("1", first), ("2", later)):
            effect = write_back(record, said, "Hello", POLICY)
            assert effect is not None
            assert await server.update(orjson.loads(effect.body)) == version
        found = (await server.read(ResourceKey("Communication", first.message_id))).resource
        assert found is not None
        assert is_ours(found)
        listed = [each async for each in written(services, patient)]
        assert listed == [(f"Communication/{first.message_id}", status)]
        assert list((await list_batch(services, [patient]))[patient]) == [f"Patient/{patient}"]
