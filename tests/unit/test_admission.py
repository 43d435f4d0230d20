"""Admission: who waits before a journey is let in, first come first served, once, whatever crashes."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import pytest
from crash_kit import Crash, fragile
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_kit import Time, in_memory, person, record, server
from msgspec.structs import replace

from shared.adapters.memory import MemoryQueue
from shared.catalogue import Document
from shared.errors import Unavailable
from shared.events import EnrolAsked, EnrolmentAsked, ResourceChanged
from shared.fhir.instants import HOUR, MINUTE, Instant, iso
from shared.fhir.project import project
from shared.journey.gate import GATE
from shared.patient.record import patient_key
from shared.queues import ENTRIES
from shared.usecases.admission import admit, grant
from shared.usecases.jobs import Grant, decode_job
from shared.usecases.publish import publish
from shared.usecases.react import Trigger, react

URL = "https://hearthline.example/journeys/invited"
TRIGGER = Trigger("test")


class Ward:
    """Patients who come before a journey with limits."""

    def __init__(self) -> None:
        self.clock = Time()
        self.services = in_memory(self.clock)

    async def publishes(self, limits: object, version: str = "1.0.0") -> None:
        steps = [{"id": "wait", "kind": "wait", "duration": "P3D"}, {"id": "out", "kind": "exit"}]
        body = {"url": URL, "version": version, "title": "Invited", "trigger": {"manual": True}}
        more = {"limits": limits, "steps": steps, "re_entry": "after-exit"}
        await publish(self.services, (Document("journey", "invited.yaml", {**body, **more}),))

    async def comes(self, name: str) -> None:
        resource = {**person(name), "meta": {"versionId": "1"}}
        content = ResourceChanged(project(resource, self.services.zone).content)
        asked = EnrolAsked(URL, f"for {name} at {self.clock.now()}", "staff asked")
        await react(self.services, patient_key(name), [content, asked], TRIGGER, patient_id=name)

    async def asks(self, name: str, action: str) -> None:
        (enrolment,) = (await record(self.services, name)).enrolments.values()
        asked = EnrolmentAsked(enrolment.enrolment_id, action, "staff-1")
        await react(self.services, patient_key(name), [asked], TRIGGER)

    async def works(self) -> list[Grant]:
        """Carry out what is queued."""
        queue = self.services.queue
        assert isinstance(queue, MemoryQueue)
        done: list[Grant] = []
        while queue.queues[ENTRIES]:
            job = decode_job(queue.take(ENTRIES).body)
            assert isinstance(job, Grant)
            await grant(self.services, job, TRIGGER)
            done.append(job)
        return done

    async def tick(self) -> int:
        found = await admit(self.services)
        assert found.hindered == ()
        await self.works()
        return found.let_in

    async def inside(self, *names: str) -> list[str]:
        """Return who of these is past the gate."""
        found = []
        for name in names:
            enrolments = (await record(self.services, name)).enrolments.values()
            found += [name for each in enrolments if each.step != GATE]
        return found


@pytest.fixture
def ward() -> Ward:
    return Ward()


async def queue_of(ward: Ward, count: int) -> list[str]:
    names = [f"p{n}" for n in range(count)]
    for name in names:
        await ward.comes(name)
        ward.clock.passes(1)
    return names


async def test_first_come_first_served_as_many_as_an_hour_takes(ward: Ward) -> None:
    await ward.publishes({"per_hour": 2})
    names = await queue_of(ward, 5)
    assert await ward.inside(*names) == []
    assert [await ward.tick(), await ward.tick()] == [2, 0]
    assert await ward.inside(*names) == names[:2]
    ward.clock.passes(HOUR)
    assert await ward.tick() == 2
    assert await ward.inside(*names) == names[:4]
    ward.clock.passes(HOUR)
    assert [await ward.tick(), await ward.tick()] == [1, 0]
    assert await ward.services.indexes.journeys_asked() == ()


async def test_all_versions_share_the_queue_and_the_latest_limits_count(ward: Ward) -> None:
    await ward.publishes({"in_all": 1})
    names = await queue_of(ward, 4)
    assert await ward.tick() == 1
    await ward.publishes({"in_all": 3}, "2.0.0")
    assert await ward.tick() == 2
    assert await ward.inside(*names) == names[:3]


async def test_who_leaves_the_queue_takes_no_place(ward: Ward) -> None:
    await ward.publishes({"per_hour": 2})
    names = await queue_of(ward, 5)
    await ward.asks(names[0], "stop")
    await ward.asks(names[1], "pause")
    assert await ward.tick() == 2
    assert await ward.inside(*names) == names[2:4]
    await ward.asks(names[1], "resume")
    ward.clock.passes(HOUR)
    assert await ward.tick() == 2
    assert await ward.inside(*names) == [names[1], *names[2:]]


async def test_outside_business_hours_all_wait(ward: Ward) -> None:
    """It is Monday, nine in the morning (UTC)."""
    await ward.publishes({"hours": {"days": ["tue"], "from": "08:00", "until": "09:00"}})
    names = await queue_of(ward, 2)
    assert await ward.tick() == 0
    ward.clock.passes(23 * HOUR)
    assert await ward.tick() == 2
    assert await ward.inside(*names) == names


async def slot(ward: Ward, name: str, status: str = "free") -> None:
    start = iso(Instant(ward.clock.now() + 48 * HOUR))
    kinds = [{"coding": [{"code": "mammogram"}]}]
    body = {"resourceType": "Slot", "id": name, "status": status, "start": start, "serviceType": kinds}
    await server(ward.services).update(body)


async def test_no_more_invitations_than_free_slots_counting_those_still_open(ward: Ward) -> None:
    await ward.publishes({"capacity": {"service_type": ["mammogram"]}})
    names = await queue_of(ward, 5)
    assert await ward.tick() == 0
    for n in range(3):
        await slot(ward, f"s{n}")
    assert [await ward.tick(), await ward.tick()] == [3, 0]
    await slot(ward, "s0", "busy")
    await ward.asks(names[0], "stop")  # they have what they were invited for
    assert await ward.tick() == 0
    await ward.asks(names[1], "stop")  # they do not want it
    assert await ward.tick() == 1
    assert await ward.inside(*names) == names[2:4]


async def test_invitations_that_no_roster_shows_yet_count_too(ward: Ward) -> None:
    """Two calls of the timer, before the queue has carried out anything."""
    await ward.publishes({"capacity": {"service_type": ["mammogram"]}})
    names = await queue_of(ward, 4)
    for n in range(2):
        await slot(ward, f"s{n}")
    assert [(await admit(ward.services)).let_in for _ in range(3)] == [2, 0, 0]
    await ward.works()
    assert await ward.inside(*names) == names[:2]
    assert await ward.tick() == 0


async def test_a_server_that_cannot_be_asked_hinders_its_own_journey_alone(ward: Ward) -> None:
    await ward.publishes({"capacity": {"service_type": ["mammogram"]}})
    names = await queue_of(ward, 1)

    class Away:
        def search(self, *_: object) -> object:
            raise Unavailable("the FHIR server is away")

    found = await admit(replace(ward.services, fhir=Away()))
    assert found.hindered == ("the FHIR server is away",)
    assert await ward.inside(*names) == []


async def test_nobody_waiting_costs_one_query(ward: Ward) -> None:
    await ward.publishes({"per_hour": 2})
    calls = Counter[str]()

    class Counting:
        def __getattr__(self, name: str) -> object:
            calls[name] += 1
            return getattr(ward.services.indexes, name)

    counted = replace(ward.services, indexes=Counting(), documents=None, patients=None)
    assert (await admit(counted)).let_in == 0
    assert calls == {"journeys_asked": 1}


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(1, 60), max_size=6), st.integers(1, 3), st.integers(1, 7))
async def test_crashes_let_nobody_in_twice_lose_nobody_and_keep_to_the_limit(
    crashes: list[int], per_hour: int, count: int
) -> None:
    """Whichever call of whichever port is the last of a process, the next one goes on."""
    ward = Ward()
    await ward.publishes({"per_hour": per_hour})
    names = await queue_of(ward, count)
    for calls in crashes:
        with suppress(Crash):
            await admit(fragile(ward.services, calls))
        ward.clock.passes(MINUTE)
        await ward.works()
        assert set(await ward.inside(*names)) <= set(names[:per_hour])
    for _ in range(count):
        ward.clock.passes(HOUR)
        assert await ward.tick() <= per_hour
    assert await ward.inside(*names) == names
    for name in names:
        assert (await record(ward.services, name)).history[URL].entries == 1
