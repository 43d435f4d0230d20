"""Many changes of one patient at once: those that were in each other's way go on one after another."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from bus_kit import bus_queues, closing_at_once
from bus_receivers import receiving
from msgspec.structs import replace

from functions import serving as functions_serving
from functions.listening import Delivery
from functions.serving import carry_out
from sandbox.service_bus.settings import namespace
from sandbox.service_bus.threaded import serving
from shared.adapters.memory import MemoryPatients
from shared.patient.record import patient_key
from shared.ports import Stored
from shared.queues import CHANGES
from shared.usecases.jobs import Change, Job
from shared.usecases.posting import post
from shared.usecases.react import ATTEMPTS, Trigger
from shared.usecases.services import Services
from shared.usecases.take_change import take_change
from tests.unit.memory_kit import Time, in_memory, person, record, result, server

AT_ONCE = 12
RESULTS = [f"r{number}" for number in range(AT_ONCE)]


class Slow(MemoryPatients):
    """A store that lets others come in between reading a record and writing it."""

    async def load(self, key: str, patient_id: str = "") -> Stored:
        found = await super().load(key, patient_id)
        for _ in range(5):
            await asyncio.sleep(0)
        return found


class Work:
    """Carries changes out as the product does, and notes in whose turn each was handed out."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.turns: Counter[str] = Counter()
        self.inside: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.all_begun = asyncio.Event()
        self.done = asyncio.Event()

    async def handle(self, delivery: Delivery, session: str) -> None:
        self.turns[session] += 1
        self.inside[session] += 1
        self.most[session] = max(self.most[session], self.inside[session])
        if len(self.turns) >= AT_ONCE:
            self.all_begun.set()
        await self.all_begun.wait()
        await carry_out(delivery, self._take)
        self.inside[session] -= 1
        found = await record(self.services, "7")
        if len(found.facts) == AT_ONCE:
            self.done.set()

    async def _take(self, ready: Services, job: Job, trigger: Trigger) -> None:
        assert isinstance(job, Change)
        await take_change(ready, job, trigger)


async def test_changes_that_met_at_a_patient_go_on_in_that_patients_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each begins in a line of its own; those that lost too often stand in the patient's, and all get in."""
    services = replace(in_memory(Time()), patients=Slow())
    await server(services).update(person("7"))
    for result_id in RESULTS:
        await server(services).update(result(result_id, "7", 9.5))
    work = Work(services)

    async def ready() -> Services:
        return services

    with serving(namespace()) as running, closing_at_once():
        async with bus_queues(running.connection_string) as queues:
            monkeypatch.setattr(functions_serving, "queues", lambda: queues)
            monkeypatch.setattr(functions_serving, "services", ready)
            monkeypatch.setattr(functions_serving, "transport", lambda: "servicebus")
            monkeypatch.setitem(functions_serving.PAUSE, "servicebus", 0.0)
            for result_id in RESULTS:
                await post(queues, CHANGES, Change("Observation", result_id))
            async with receiving(running.port, CHANGES, work.handle, AT_ONCE, 0, with_sessions=True):
                await asyncio.wait_for(work.done.wait(), 60)
    line = patient_key("7")
    assert work.turns[line] >= AT_ONCE - ATTEMPTS
    assert {work.turns[f"Observation/{result_id}"] for result_id in RESULTS} == {1}
    assert set(work.most.values()) == {1}
