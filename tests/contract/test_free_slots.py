"""Free slots, over the memory server and over HTTP to the sandbox's real one: the same are found by both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import aiohttp
import pytest
from msgspec.structs import replace

from shared.adapters.clock import SystemClock
from shared.adapters.fhir_calls import FhirCalls
from shared.adapters.fhir_http import FhirHttp
from shared.adapters.memory_fhir import MemoryFhir
from shared.fhir.instants import DAY, HOUR, Instant, iso, parse_instant
from shared.journey.pace import Capacity
from shared.message.policy import Policy
from shared.usecases.free_slots import free_slots
from shared.usecases.services import Services

NOW = parse_instant("2026-03-02T09:00:00Z")
TYPE = "http://hospital.example/services"


@pytest.fixture(params=["memory", "http"])
async def services(request: pytest.FixtureRequest) -> AsyncIterator[Services]:
    made = _services()
    if request.param == "memory":
        yield replace(made, fhir=MemoryFhir(SystemClock()))
        return
    async with aiohttp.ClientSession() as session:
        yield replace(made, fhir=FhirHttp(FhirCalls(session, request.getfixturevalue("sekmet"))))


def _services() -> Services:
    nothing = dict.fromkeys(Services.__struct_fields__)
    return Services(**{**nothing, "policy": Policy(zone="America/New_York")})


class Place:
    """A schedule of its own, so that tests do not see each other's slots."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.schedule = f"Schedule/{uuid4().hex}"

    async def slot(self, start: Instant, status: str = "free", service: str = "mammogram") -> None:
        kinds = {"serviceType": [{"coding": [{"system": TYPE, "code": service}]}]}
        span = {"start": iso(start), "end": iso(Instant(start + HOUR // 2))}
        body = {
            "id": uuid4().hex,
            "status": status,
            "schedule": {"reference": self.schedule},
            **kinds,
            **span,
        }
        await self.services.fhir.update({"resourceType": "Slot", **body})

    async def count(self, enough: int = 100, **asked: object) -> int:
        capacity = Capacity(schedule=(self.schedule,), **asked)
        return await free_slots(self.services, capacity, NOW, enough)


async def test_free_ones_count_from_now_until_the_end_of_the_time(services):
    place = Place(services)
    for start in (NOW - HOUR, NOW, NOW + 13 * DAY, NOW + 14 * DAY, NOW + 15 * DAY):
        await place.slot(Instant(start))
    await place.slot(Instant(NOW + DAY), status="busy")
    assert await place.count() == 2
    assert await place.count(within="P1M") == 4
    assert await place.count(enough=1) == 1


async def test_only_those_of_the_service_and_the_schedule(services):
    place = Place(services)
    for n, service in enumerate(("mammogram", "mammogram", "colonoscopy", "eye")):
        await place.slot(Instant(NOW + n * HOUR), service=service)
    assert await place.count() == 4
    assert await place.count(service_type=("mammogram",)) == 2
    assert await place.count(service_type=(f"{TYPE}|mammogram", "eye")) == 3
    assert await place.count(service_type=("other",)) == 0
    assert await Place(services).count() == 0
