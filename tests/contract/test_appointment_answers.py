"""Answers in appointments, over the memory server and the sandbox's: over what was read, or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from msgspec.structs import replace

from shared.adapters.clock import SystemClock
from shared.adapters.fhir_calls import FhirCalls
from shared.adapters.fhir_http import FhirHttp
from shared.adapters.memory_fhir import MemoryFhir
from shared.effects import AnswerAppointment
from shared.errors import Rejected
from shared.fhir.instants import parse_instant
from shared.fhir.references import ResourceKey
from shared.ports import FhirRead, FhirServer
from shared.usecases.answer_appointment import answer_appointment
from shared.usecases.services import Services
from tests.unit.memory_kit import Time, in_memory

START = "2026-09-12T14:30:00Z"
LATER = "2026-09-13T14:30:00Z"


class Stage:
    """An appointment of a patient, each test's own, as the server keeps what other tests wrote."""

    def __init__(self, fhir: FhirServer) -> None:
        self.fhir = fhir
        self.name, self.patient = uuid4().hex, uuid4().hex
        self.key = ResourceKey("Appointment", self.name)

    def appointment(self, start: str = START) -> dict[str, Any]:
        taking_part = {"actor": {"reference": f"Patient/{self.patient}"}, "status": "needs-action"}
        return {
            "resourceType": "Appointment",
            "id": self.name,
            "status": "booked",
            "start": start,
            "end": start.replace(":30:", ":45:"),
            "participant": [taking_part],
        }

    async def begin(self) -> None:
        person = {"resourceType": "Patient", "id": self.patient, "name": [{"family": "Lopez"}]}
        await self.fhir.update(person)
        await self.fhir.update(self.appointment())

    def effect(self, action: Any) -> AnswerAppointment:
        start = parse_instant(START)
        return AnswerAppointment(str(self.key), action, start, f"Patient/{self.patient}", "e", "s")

    async def held(self) -> dict[str, Any]:
        found = (await self.fhir.read(self.key)).resource
        assert found is not None
        return dict(found)


@pytest.fixture(params=["memory", "http"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    if request.param == "memory":
        yield Stage(MemoryFhir(SystemClock()))
        return
    async with aiohttp.ClientSession() as session:
        yield Stage(FhirHttp(FhirCalls(session, request.getfixturevalue("sekmet"))))


def services(fhir: FhirServer) -> Services:
    return replace(in_memory(Time()), fhir=fhir)


@pytest.mark.parametrize(
    ("action", "status", "answer"),
    [
        ("confirm", "booked", "accepted"),
        ("reschedule", "booked", "tentative"),
        ("cancel", "cancelled", "declined"),
    ],
)
async def test_the_server_takes_the_answer_as_it_is(
    stage: Stage, action: str, status: str, answer: str
) -> None:
    await stage.begin()
    await answer_appointment(services(stage.fhir), stage.effect(action))
    await answer_appointment(services(stage.fhir), stage.effect(action))
    held = await stage.held()
    assert (held["status"], held["participant"][0]["status"]) == (status, answer)
    assert held["meta"]["versionId"] == "2"


async def test_what_moves_between_our_look_and_our_write_is_left_as_it_is(stage: Stage) -> None:
    await stage.begin()

    class Moves:
        """The server, on which somebody moves the appointment right after we have looked at it."""

        moved = False

        async def read(self, key: ResourceKey) -> FhirRead:
            found = await stage.fhir.read(key)
            if not self.moved:
                self.moved = True
                await stage.fhir.update(stage.appointment(LATER))
            return found

        async def update(self, resource: Mapping[str, object], if_match: str | None = None) -> str:
            return await stage.fhir.update(resource, if_match)

    moves: Any = Moves()
    with pytest.raises(Rejected, match="has moved since"):
        await answer_appointment(services(moves), stage.effect("cancel"))
    held = await stage.held()
    assert (held["status"], held["meta"]["versionId"]) == ("booked", "2")
