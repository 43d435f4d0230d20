"""Deletions that nobody told of: found once, whatever order the timers run in."""

from __future__ import annotations

import pytest

from shared.adapters.memory import MemoryDocuments, MemoryIndexes, MemoryPatients, MemoryQueue
from shared.adapters.memory_fhir import MemoryFhir
from shared.catalogue import Catalogue, build_catalogue
from shared.errors import Rejected
from shared.fhir.instants import HOUR, MINUTE, Instant, parse_instant
from shared.fhir.references import ResourceKey
from shared.message.policy import Policy
from shared.patient.record import patient_key
from shared.queues import CHANGES
from shared.usecases.deletions import find_deletions
from shared.usecases.jobs import Change, decode_job
from shared.usecases.react import Trigger
from shared.usecases.recover import reconcile
from shared.usecases.services import Services
from shared.usecases.take_change import take_change

RESULT = ResourceKey("Observation", "o1")


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = parse_instant("2026-03-02T09:00:00Z")

    def now(self) -> Instant:
        return self.at

    def passes(self, length: int) -> None:
        self.at = Instant(self.at + length)


class Fixed:
    """Definitions with nothing in them."""

    async def current(self, seen: str = "") -> Catalogue:
        return build_catalogue((), "", Policy())


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def services(clock: Time) -> Services:
    return Services(
        patients=MemoryPatients(),
        indexes=MemoryIndexes(),
        documents=MemoryDocuments(),
        queue=MemoryQueue(),
        fhir=MemoryFhir(clock),
        channels={},
        definitions=Fixed(),
        clock=clock,
        policy=Policy(),
    )


async def work_off(services: Services) -> list[Change]:
    done: list[Change] = []
    queue = services.queue
    assert isinstance(queue, MemoryQueue)
    while queue.waiting():
        job = decode_job(queue.take(CHANGES).body)
        assert isinstance(job, Change)
        await take_change(services, job, Trigger("t", 9))
        done.append(job)
    return done


async def written(services: Services, clock: Time) -> None:
    """Write a patient with a result, let both be heard of and some time go by."""
    fhir = services.fhir
    assert isinstance(fhir, MemoryFhir)
    await fhir.update({"resourceType": "Patient", "id": "p1"})
    code = {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]}
    result = {"resourceType": "Observation", "id": "o1", "status": "final", "code": code}
    await fhir.update({**result, "subject": {"reference": "Patient/p1"}})
    await reconcile(services)
    await work_off(services)
    assert await find_deletions(services) == 0
    clock.passes(HOUR)


async def gone(services: Services) -> bool:
    fact = (await services.patients.load(patient_key("p1"), "p1")).record.facts.get(str(RESULT))
    assert fact is not None
    return fact.gone


async def test_a_deletion_that_nobody_told_of_reaches_the_record_once(
    services: Services, clock: Time
) -> None:
    await written(services, clock)
    await services.fhir.delete(RESULT)  # type: ignore[attr-defined]
    await reconcile(services)
    assert not await work_off(services), "a search cannot see it"
    assert await find_deletions(services) == 1
    assert [job.action for job in await work_off(services)] == ["deleted"]
    assert await gone(services)
    for _ in range(3):
        clock.passes(MINUTE)
        assert await find_deletions(services) == 0


async def test_what_came_back_since_stays(services: Services, clock: Time) -> None:
    await written(services, clock)
    fhir = services.fhir
    assert isinstance(fhir, MemoryFhir)
    before = (await fhir.read(RESULT)).resource
    assert before is not None
    await fhir.delete(RESULT)
    await fhir.update(before)
    assert await find_deletions(services) == 1
    await work_off(services)
    assert not await gone(services)


async def test_what_was_deleted_before_we_began_is_not_looked_for(services: Services, clock: Time) -> None:
    fhir = services.fhir
    assert isinstance(fhir, MemoryFhir)
    await fhir.update({"resourceType": "Patient", "id": "old"})
    await fhir.delete(ResourceKey("Patient", "old"))
    clock.passes(HOUR)
    await written(services, clock)
    assert await find_deletions(services) == 0


async def test_a_server_without_such_a_history_is_no_fault(
    services: Services, clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    await written(services, clock)

    async def refuse(*_: object) -> object:
        raise Rejected("the FHIR server keeps no history of types (404)", "no-history")
        yield

    monkeypatch.setattr(MemoryFhir, "deletions", refuse)
    assert await find_deletions(services) == 0


async def test_what_was_loaded_in_bulk_before_we_began_is_not_read(
    services: Services, clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look begins at the newest resource there was: a bulk load may lie just before it."""
    asked: list[Instant] = []
    inner = MemoryFhir.deletions

    def note(self: MemoryFhir, resource_type: str, since: Instant) -> object:
        if resource_type == "Observation":
            asked.append(since)
        return inner(self, resource_type, since)

    monkeypatch.setattr(MemoryFhir, "deletions", note)
    loaded = clock.now()
    await written(services, clock)
    await find_deletions(services)
    assert asked == [loaded]
