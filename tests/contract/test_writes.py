"""What journeys write is taken by a FHIR server as it is, once: over the memory one and the sandbox's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import uuid4

import aiohttp
import pytest
from msgspec.structs import replace

from shared.adapters.clock import SystemClock
from shared.adapters.fhir_calls import FhirCalls
from shared.adapters.fhir_http import FhirHttp
from shared.adapters.memory_fhir import MemoryFhir
from shared.effects import WriteResource
from shared.events import EffectRefused
from shared.fhir.references import ResourceKey
from shared.ports import FhirServer
from shared.usecases.outside import carry_out
from shared.usecases.services import Services
from tests.unit.journey.outside_kit import effect
from tests.unit.memory_kit import Time, in_memory

STEPS: tuple[dict[str, Any], ...] = (
    {
        "id": "call",
        "kind": "task",
        "title": "Call",
        "owner": "Practitioner/1",
        "due": "P1D",
        "reason": "asked",
    },
    {
        "id": "mark",
        "kind": "write",
        "resource": "Flag",
        "code": "http://snomed.info/sct|225915006",
        "lasts": "P9D",
    },
    {"id": "order", "kind": "write", "resource": "ServiceRequest", "code": "HbA1c", "reason": "due"},
    {"id": "ask", "kind": "write", "resource": "CommunicationRequest", "text": "Come", "medium": ["phone"]},
)


@pytest.fixture(params=["memory", "http"])
async def services(request: pytest.FixtureRequest) -> AsyncIterator[Services]:
    if request.param == "memory":
        yield replace(in_memory(Time()), fhir=MemoryFhir(SystemClock()))
        return
    async with aiohttp.ClientSession() as session:
        server: FhirServer = FhirHttp(FhirCalls(session, request.getfixturevalue("sekmet")))
        yield replace(in_memory(Time()), fhir=server)


def fresh(step: dict[str, Any]) -> WriteResource:
    """Make the effect under an id of its own: the server keeps what other tests wrote."""
    made = cast(WriteResource, effect(step))
    name = str(uuid4())
    body = made.body.replace(made.write_id.encode(), name.encode())
    return replace(made, write_id=name, body=body)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.get("resource", "Task"))
async def test_it_is_written_once_however_often_it_is_tried(services, step):
    wanted = fresh(step)
    for _ in range(3):
        assert await carry_out(services, wanted) is None
    found = await services.fhir.read(ResourceKey(wanted.resource_type, wanted.write_id))
    assert found.version == "1"
    assert found.resource is not None
    held = {name: value for name, value in found.resource.items() if name != "meta"}
    assert held == json.loads(wanted.body)


async def test_a_type_that_there_is_not_is_refused(services):
    wanted = replace(fresh(STEPS[0]), resource_type="../Task")
    refused = await carry_out(services, wanted)
    assert isinstance(refused, EffectRefused)
    assert refused.effect is wanted
