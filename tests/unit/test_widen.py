"""A filter published after patients exist: their records are read again first; none is answered blindly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from itertools import count

import pytest
from msgspec.structs import replace

from shared.adapters.memory_fhir import MemoryFhir
from shared.catalogue import Document
from shared.errors import Conflict, Unavailable
from shared.events import CompartmentRead, DefinitionsPublished, InboundReceived, ResourceChanged
from shared.fhir.lens import mark_of
from shared.fhir.project import project
from shared.fhir.references import ResourceKey
from shared.patient.record import PatientRecord, patient_key
from shared.ports import FhirRead
from shared.usecases.jobs import Change, Refresh
from shared.usecases.publish import publish
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services
from shared.usecases.take_change import take_change
from shared.usecases.take_in import take_in
from shared.usecases.wake import refresh
from tests.unit.memory_kit import Resource, Time, in_memory, person, record, result, server, visit

POC = "https://hearthline.example/segments/point-of-care"
NO_POC = "https://hearthline.example/segments/no-point-of-care"
IN_STUDY = "https://hearthline.example/segments/in-study"
FILTER = "method.text = 'point of care'"
STUDY = "http://example.org/study"
LOINC = "loinc|4548-4"

_triggers = count()


def fresh(delivery: int = 1) -> Trigger:
    return Trigger(f"trigger-{next(_triggers)}", delivery)


def segment(url: str, **criteria: object) -> Document:
    body = {"url": url, "version": "1.0.0", "title": url.rpartition("/")[2], "criteria": criteria}
    return Document("segment", f"{body['title']}.yaml", body)


FILTERED = {"type": "Observation", "code": LOINC, "fhirpath": FILTER}
FIRST = (segment("https://hearthline.example/segments/tested", has={"type": "Observation", "code": LOINC}),)
THEN = (segment(POC, has=FILTERED), segment(NO_POC, has_no=FILTERED))
EXTENDED = (segment(IN_STUDY, extension={"url": STUDY, "value": "yes"}),)


def bedside(result_id: str, patient_id: str, value: float = 8) -> Resource:
    return {**result(result_id, patient_id, value), "method": {"text": "point of care"}}


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def services(clock: Time) -> Services:
    return in_memory(clock)


async def populate(services: Services, *resources: Resource) -> None:
    """Put resources on the server, and take them in with what is published so far."""
    for resource in resources:
        await server(services).update(resource)
    for patient_id in sorted({str(r["id"]) for r in resources if r["resourceType"] == "Patient"}):
        await take_in(services, patient_id)


async def look(services: Services, patient_id: str, delivery: int = 1) -> None:
    await refresh(services, Refresh(patient_key(patient_id)), fresh(delivery))


async def members(services: Services, patient_id: str) -> set[str]:
    held = (await record(services, patient_id)).memberships
    return {url.rpartition("/")[2] for url, membership in held.items() if membership.member}


async def judged(services: Services, patient_id: str) -> PatientRecord:
    """Return the record, if nothing in it is unseen by the lens in force and it says so."""
    found = await record(services, patient_id)
    lens = (await services.definitions.current()).lens
    assert found.lens == lens.digest
    assert all(lens.covers(fact) for fact in found.facts)
    assert found.person is None or lens.covers(found.person)
    return found


@pytest.mark.parametrize("results", [1, 9], ids=["few are read one by one", "many with the patient"])
async def test_a_filter_published_after_patients_exist(services: Services, results: int) -> None:
    await publish(services, FIRST)
    others = [result(f"o{n}", "ann", 7) for n in range(1, results)]
    await populate(
        services, person("ann"), bedside("o", "ann"), *others, person("bob"), result("p", "bob", 8)
    )
    await publish(services, THEN)
    await look(services, "ann")
    await look(services, "bob")
    assert await members(services, "ann") == {"tested", "point-of-care"}
    assert await members(services, "bob") == {"tested", "no-point-of-care"}
    await judged(services, "ann")
    await judged(services, "bob")


async def test_any_event_waits_for_the_old_facts_to_be_looked_at(services: Services) -> None:
    """Not only the refresh that follows a publication: a change may come before it."""
    await publish(services, FIRST)
    await populate(services, person("ann"), bedside("o", "ann"))
    await publish(services, THEN)
    await server(services).update(result("late", "ann", 7))
    await take_change(services, Change("Observation", "late"), fresh())
    assert await members(services, "ann") == {"tested", "point-of-care"}
    timeline = await services.patients.timeline(patient_key("ann"))
    assert [line.text for line in timeline if "no-point-of-care" in line.text] == [], "it never entered"


async def test_an_extension_published_after_patients_exist(services: Services) -> None:
    await publish(services, FIRST)
    study = [{"url": STUDY, "valueCode": "yes"}]
    await populate(services, person("ann", extension=study), person("bob"))
    await publish(services, EXTENDED)
    await look(services, "ann")
    await look(services, "bob")
    assert await members(services, "ann") == {"in-study"}
    assert await members(services, "bob") == set()
    await judged(services, "bob")


async def test_records_made_after_the_publication_need_no_second_reading(services: Services) -> None:
    await publish(services, (*FIRST, *THEN))
    await populate(services, person("ann"), bedside("o", "ann"))
    before = await judged(services, "ann")
    reading = Counted(server(services))
    await look(replace(services, fhir=reading), "ann")
    assert await record(services, "ann") == before
    assert reading.calls == 0


async def test_to_publish_without_a_new_filter_reads_nobody(services: Services) -> None:
    await publish(services, (*FIRST, *THEN))
    await populate(services, person("ann"), bedside("o", "ann"))
    await publish(services, (segment("https://hearthline.example/segments/women", gender="female"),))
    reading = Counted(server(services))
    await look(replace(services, fhir=reading), "ann")
    assert reading.calls == 0
    assert "women" in await members(services, "ann")


async def test_an_instance_that_does_not_know_of_the_publication_loses_no_mark(services: Services) -> None:
    """It projects a new version with the old lens; the record says that there is a newer catalogue."""
    await publish(services, (*FIRST, *THEN))
    await populate(services, person("ann"), result("o", "ann", 8))
    assert await members(services, "ann") == {"tested", "no-point-of-care"}
    await server(services).update(bedside("o", "ann"))
    resource = (await server(services).read(ResourceKey("Observation", "o"))).resource
    assert resource is not None
    blind = ResourceChanged(project(resource).content)
    await react(services, patient_key("ann"), [blind], fresh(), "ann")
    assert await members(services, "ann") == {"tested", "point-of-care"}
    await judged(services, "ann")


async def test_many_resources_projected_before_a_publication_are_looked_at_again(services: Services) -> None:
    await publish(services, (*FIRST, *THEN))
    resources = [person("ann"), *(bedside(f"o{n}", "ann") for n in range(7))]
    for resource in resources:
        await server(services).update(resource)
    stored = [r async for r in server(services).everything("ann")]
    gathered = CompartmentRead(tuple(project(resource).content for resource in stored))
    await react(services, patient_key("ann"), [gathered], fresh(), "ann")
    assert await members(services, "ann") == {"tested", "point-of-care"}
    await judged(services, "ann")


class Broken(MemoryFhir):
    """A server that cannot be asked any more."""

    def __init__(self, inner: MemoryFhir) -> None:
        self.__dict__ = inner.__dict__

    async def read(self, key: ResourceKey) -> FhirRead:
        raise Unavailable("away")

    async def everything(self, patient_id: str) -> AsyncIterator[Mapping[str, object]]:
        raise Unavailable("away")
        yield {}


class Counted(MemoryFhir):
    """A server that counts how often it is asked."""

    def __init__(self, inner: MemoryFhir) -> None:
        self.__dict__ = {**inner.__dict__, "calls": 0}

    async def read(self, key: ResourceKey) -> FhirRead:
        self.calls += 1
        return await super().read(key)

    async def everything(self, patient_id: str) -> AsyncIterator[Mapping[str, object]]:
        self.calls += 1
        async for resource in super().everything(patient_id):
            yield resource


async def test_nothing_is_decided_while_the_server_is_away_and_all_is_right_after(services: Services) -> None:
    await publish(services, FIRST)
    await populate(services, person("ann"), bedside("o", "ann"))
    await publish(services, THEN)
    before = await record(services, "ann")
    away = replace(services, fhir=Broken(server(services)))
    for delivery in range(1, 5):
        with pytest.raises(Unavailable):
            await look(away, "ann", delivery)
    assert await record(services, "ann") == before
    await look(services, "ann", 5)
    assert await members(services, "ann") == {"tested", "point-of-care"}


async def test_a_reply_is_heard_while_the_server_is_away(services: Services) -> None:
    """It evaluates no segment that asks for what nobody has looked for."""
    await publish(services, FIRST)
    await populate(services, person("ann"), bedside("o", "ann"))
    await publish(
        services, (*THEN, segment(f"{NO_POC}-by-sms", all=[{"reachable_by": "sms"}, {"has_no": FILTERED}]))
    )
    away = replace(services, fhir=Broken(server(services)))
    said = InboundReceived("in-1", "sms", "+16175550100", "STOP", services.clock.now())
    await react(away, patient_key("ann"), [said], fresh())
    found = await record(services, "ann")
    assert [o.address for o in found.opt_outs] == ["+16175550100"]
    assert await members(services, "ann") == {"tested"}
    await look(services, "ann")
    assert await members(services, "ann") == {"tested", "point-of-care"}


@pytest.mark.parametrize("point", ["before", "after"])
async def test_a_crash_in_between_is_right_after_the_retry(services: Services, point: str) -> None:
    await publish(services, FIRST)
    await populate(services, person("ann"), *(bedside(f"o{n}", "ann") for n in range(9)))
    await publish(services, THEN)
    commit = services.patients.commit

    async def crash(stored, decision):
        if point == "after":
            await commit(stored, decision)
        raise SystemExit

    services.patients.commit = crash  # type: ignore[method-assign] # a crash, acted out
    with pytest.raises(SystemExit):
        await look(services, "ann")
    services.patients.commit = commit  # type: ignore[method-assign] # the next process
    await look(services, "ann", 2)
    assert await members(services, "ann") == {"tested", "point-of-care"}
    await judged(services, "ann")


async def test_two_at_once_end_right(services: Services) -> None:
    """Somebody else commits while the patient is read again: it is decided anew."""
    await publish(services, FIRST)
    await populate(services, person("ann"), bedside("o", "ann"))
    await publish(services, THEN)
    commit, met = services.patients.commit, []

    async def conflict(stored, decision):
        if not met:
            met.append(True)
            await server(services).update(result("o", "ann", 7))
            await commit(stored, decision)
            raise Conflict("somebody else")
        return await commit(stored, decision)

    services.patients.commit = conflict  # type: ignore[method-assign] # a race, acted out
    await look(services, "ann")
    await take_change(services, Change("Observation", "o"), fresh())
    assert await members(services, "ann") == {"tested", "no-point-of-care"}
    await judged(services, "ann")


async def test_what_the_server_has_no_more_matches_no_filter(services: Services) -> None:
    """It was deleted and nobody told: read as deleted, it is gone; unknown, it matches nothing."""
    await publish(services, FIRST)
    await populate(services, person("ann"), bedside("o", "ann"), bedside("p", "ann"))
    await server(services).delete(ResourceKey("Observation", "o"))
    server(services)._versions.pop(ResourceKey("Observation", "p"))
    await publish(services, THEN)
    await look(services, "ann")
    found = await judged(services, "ann")
    assert found.facts.get("Observation/o").gone
    assert found.facts.get("Observation/p").attributes["fhirpath"] == (f"-{mark_of(FILTER)}",)
    assert await members(services, "ann") == {"tested", "no-point-of-care"}


async def test_what_moved_to_another_patient_is_gone_from_here(services: Services) -> None:
    await publish(services, FIRST)
    await populate(services, person("ann"), person("bob"), bedside("o", "ann"))
    await server(services).update(bedside("o", "bob"))
    await publish(services, THEN)
    await look(services, "ann")
    assert (await judged(services, "ann")).facts.get("Observation/o").gone
    assert await members(services, "ann") == {"no-point-of-care"}


class Lagging(MemoryFhir):
    """A server that shows the version before."""

    def __init__(self, inner: MemoryFhir) -> None:
        self.__dict__ = inner.__dict__

    async def read(self, key: ResourceKey) -> FhirRead:
        older = (await self.history(key))[0]
        return FhirRead(older, older["meta"]["versionId"])


async def test_a_server_that_lags_is_asked_again_before_it_is_believed(services: Services) -> None:
    await publish(services, FIRST)
    await populate(services, person("ann"), result("o", "ann", 7))
    await server(services).update(bedside("o", "ann"))
    await take_change(services, Change("Observation", "o"), fresh())
    await publish(services, THEN)
    lagging = replace(services, fhir=Lagging(server(services)))
    for delivery in (1, 2):
        with pytest.raises(Unavailable):
            await look(lagging, "ann", delivery)
    await look(lagging, "ann", 3)
    assert await members(services, "ann") == {"tested", "no-point-of-care"}
    resource = (await server(services).read(ResourceKey("Observation", "o"))).resource
    lens = (await services.definitions.current()).lens
    told = ResourceChanged(project(resource, services.zone, lens).content)
    await react(services, patient_key("ann"), [told], fresh(), "ann")
    assert await members(services, "ann") == {"tested", "point-of-care"}, "looked at after all, it counts"


async def test_journeys_do_not_take_it_for_news(services: Services) -> None:
    """Only more was found in what had been known: no journey on Observations begins by it."""
    await publish(services, FIRST)
    await populate(
        services, person("ann"), visit("v", "ann", "Location/x"), *(bedside(f"o{n}", "ann") for n in range(6))
    )
    journey = {
        "url": "https://hearthline.example/journeys/told",
        "version": "1.0.0",
        "title": "told",
        "trigger": {"fhir_change": {"type": "Observation"}},
        "re_entry": "per-focus",
        "steps": [{"id": "a-day", "kind": "wait", "duration": "P1D"}],
    }
    await publish(services, (*THEN, Document("journey", "told.yaml", journey)))
    await look(services, "ann")
    assert (await judged(services, "ann")).enrolments == {}
    await server(services).update(bedside("news", "ann"))
    await take_change(services, Change("Observation", "news"), fresh())
    assert len((await judged(services, "ann")).enrolments) == 1


async def test_nobody_is_read_where_nothing_is_asked(services: Services) -> None:
    await publish(services, FIRST)
    await populate(services, person("ann"), bedside("o", "ann"))
    reading = Counted(server(services))
    await react(replace(services, fhir=reading), patient_key("ann"), [DefinitionsPublished()], fresh())
    assert reading.calls == 0


async def test_the_last_that_lacks_something_may_be_the_change_itself(services: Services) -> None:
    """The new version has been looked at, the old one had not: the record is judged whole all the same."""
    await publish(services, FIRST)
    await populate(services, person("ann"), result("o", "ann", 8))
    await publish(services, THEN)
    await server(services).update(bedside("o", "ann"))
    await take_change(services, Change("Observation", "o"), fresh())
    assert await members(services, "ann") == {"tested", "point-of-care"}
    await judged(services, "ann")
