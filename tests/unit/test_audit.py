"""The nightly audit: each thing broken on purpose is found, told and mended, and then nothing is found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from itertools import count

import aiohttp
import pytest
from memory_kit import (
    HIGH,
    RECENT,
    Resource,
    Time,
    in_memory,
    person,
    record,
    result,
    segments,
    server,
    visit,
)
from msgspec.structs import replace

from shared.adapters.memory import MemoryQueue
from shared.adapters.memory_fhir import MemoryFhir
from shared.adapters.storage_rest import StorageRest, connection_account
from shared.adapters.table_documents import TableDocuments
from shared.adapters.table_indexes import TableIndexes
from shared.adapters.table_rest import Tables
from shared.adapters.table_store import TablePatientStore
from shared.effects import IndexMember
from shared.errors import Rejected, Unavailable
from shared.fhir.fact import Fact
from shared.fhir.instants import DAY, HOUR, MINUTE
from shared.fhir.references import ResourceKey
from shared.patient.engagement import ENGAGEMENT
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.patient.state import Membership
from shared.ports import Wakeup
from shared.queues import AUDITS
from shared.usecases import audit, audit_records
from shared.usecases.audit import SHARDS, audit_batch, audit_everyone, begin_audit, go_on, start_audit
from shared.usecases.audit_report import KEPT_RUNS, REPORTS, Difference, Report, forget_old, report, reports
from shared.usecases.jobs import Audit, decode_job
from shared.usecases.services import Services
from shared.usecases.take_in import take_in_everyone

_numbers = count(1)
PEOPLE = tuple(f"p{n}" for n in range(6))


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture(params=["memory", "azurite"])
async def services(request: pytest.FixtureRequest, clock: Time) -> AsyncIterator[Services]:
    """Everything agrees: six patients, each with a result, in records, member lists and wake-ups."""
    made = in_memory(clock)
    if request.param == "memory":
        await settled(made, clock)
        yield made
        return
    account = connection_account(request.getfixturevalue("azurite"), "table")
    async with aiohttp.ClientSession() as session:
        tables = Tables(StorageRest(account, session))
        names = [f"audit{kind}{next(_numbers)}" for kind in ("patients", "wakeups", "index", "documents")]
        for name in names:
            await tables.create(name)
        store, indexes = TablePatientStore(tables, names[0]), TableIndexes(tables, *names[1:3])
        made = replace(made, patients=store, indexes=indexes, documents=TableDocuments(tables, names[3]))
        await settled(made, clock)
        yield made


async def settled(services: Services, clock: Time) -> None:
    await segments_of(services)
    for n, each in enumerate(PEOPLE):
        await server(services).update(person(each))
        await server(services).update(result(f"o-{each}", each, 8 + n % 3))
    await server(services).update({"resourceType": "Location", "id": "ward", "name": "Ward"})
    await server(services).update(visit("v", "p0", "Location/ward"))
    await take_in_everyone(services)
    clock.passes(HOUR)


async def segments_of(services: Services) -> None:
    documents = services.documents
    definitions = services.definitions
    definitions._documents = documents  # type: ignore[attr-defined] # the kit made it over memory
    await segments(services)


async def look(services: Services, *, repair: bool = True) -> Report:
    services.clock.passes(MINUTE)  # type: ignore[attr-defined]
    return await audit_everyone(services, repair=repair)


async def put(services: Services, patient_id: str, change: Callable[[PatientRecord], PatientRecord]) -> None:
    """Write a record as no decision ever would."""
    stored = await services.patients.load(patient_key(patient_id), patient_id)
    await services.patients.commit(stored, Decision(change(stored.record)))


def with_membership(url: str, **changes: object) -> Callable[[PatientRecord], PatientRecord]:
    def change(record: PatientRecord) -> PatientRecord:
        held = replace(record.memberships[url], **changes)
        return replace(record, memberships={**record.memberships, url: held})

    return change


async def test_where_all_agrees_nothing_is_found(services):
    seen = list[int]()
    services.clock.passes(MINUTE)
    found = await audit_everyone(services, repair=True, progress=seen.append)
    assert (found.looked_at, found.counts, found.repaired, found.unchecked) == (6, {}, 0, 0)
    assert found.finished is not None
    assert seen[-1] == 6
    assert await services.indexes.members(HIGH) == tuple(sorted(patient_key(p) for p in ("p2", "p5")))


async def test_what_became_of_our_messages_is_ours_and_no_difference(services):
    """No server knows these facts; one that says so by an empty answer must not make us forget them."""
    sent = Fact(ENGAGEMENT, "m-1.sent", "1", services.clock.now(), codes=("engagement|sent",))
    await put(services, "p0", lambda held: replace(held, facts=held.facts.with_fact(sent)))
    services.clock.passes(HOUR)
    found = await audit_everyone(services, repair=True)
    assert (found.counts, found.repaired) == ({}, 0)
    assert (await record(services, "p0")).facts.get(sent.reference) == sent


async def lacks_a_resource(services: Services) -> Mapping[str, str]:
    await server(services).update(result("unheard", "p0", 12))
    return {"missing": "Observation/unheard"}


async def has_an_old_version(services: Services) -> Mapping[str, str]:
    await server(services).update(result("o-p0", "p0", 12))
    return {"stale": "Observation/o-p0"}


async def has_an_old_person(services: Services) -> Mapping[str, str]:
    await server(services).update(person("p0", active=False))
    return {"stale": "Patient/p0"}


async def has_what_was_deleted(services: Services) -> Mapping[str, str]:
    await server(services).delete(ResourceKey("Observation", "o-p0"))
    return {"extra": "Observation/o-p0"}


async def is_of_a_patient_who_was_deleted(services: Services) -> Mapping[str, str]:
    await server(services).delete(ResourceKey("Patient", "p0"))
    return {"extra": "Patient/p0"}


async def has_a_place_that_was_renamed(services: Services) -> Mapping[str, str]:
    await server(services).update({"resourceType": "Location", "id": "ward", "name": "New ward"})
    return {"stale": "Location/ward"}


async def is_not_there(services: Services) -> Mapping[str, str]:
    await server(services).update(person("stranger"))
    return {"missing": "Patient/stranger"}


async def has_a_membership_too_few(services: Services) -> Mapping[str, str]:
    without = {"memberships": {}}
    await put(services, "p2", lambda held: replace(held, **without))
    return {"membership": HIGH}


async def has_a_membership_too_many(services: Services) -> Mapping[str, str]:
    more = {HIGH: Membership(f"{HIGH}|1.0.0", True, services.clock.now())}
    await put(services, "p0", lambda held: replace(held, memberships={**held.memberships, **more}))
    return {"membership": HIGH}


async def would_miss_a_flip(services: Services) -> Mapping[str, str]:
    await put(services, "p0", with_membership(RECENT, next_flip=None))
    return {"membership": RECENT}


async def is_not_listed(services: Services) -> Mapping[str, str]:
    await services.indexes.drop_member(HIGH, patient_key("p2"))
    return {"unlisted": HIGH}


async def is_listed_as_gone_by_a_commit_that_never_was(services: Services) -> Mapping[str, str]:
    """Row and record come from copies of different age: no commit number of ours would win."""
    await services.indexes.apply(patient_key("p2"), IndexMember(HIGH, False, services.clock.now(), 999))
    return {"unlisted": HIGH}


async def is_listed_and_no_member(services: Services) -> Mapping[str, str]:
    await services.indexes.apply(patient_key("p0"), IndexMember(HIGH, True, services.clock.now(), 0))
    return {"listed": HIGH}


async def is_listed_and_has_no_record(services: Services) -> Mapping[str, str]:
    await services.indexes.apply(patient_key("nobody"), IndexMember(HIGH, True, services.clock.now(), 0))
    return {"orphan": HIGH}


async def would_not_be_woken(services: Services) -> Mapping[str, str]:
    due = (await record(services, "p0")).next_due
    assert due is not None
    await services.indexes.unschedule([Wakeup(patient_key("p0"), due)])
    return {"wake-up": ""}


FAULTS = (
    lacks_a_resource,
    has_an_old_version,
    has_an_old_person,
    has_what_was_deleted,
    is_of_a_patient_who_was_deleted,
    has_a_place_that_was_renamed,
    is_not_there,
    has_a_membership_too_few,
    has_a_membership_too_many,
    would_miss_a_flip,
    is_not_listed,
    is_listed_as_gone_by_a_commit_that_never_was,
    is_listed_and_no_member,
    is_listed_and_has_no_record,
    would_not_be_woken,
)


@pytest.mark.parametrize("breaks", FAULTS, ids=lambda each: each.__name__)
async def test_a_record_that(services, breaks: Callable[[Services], Awaitable[Mapping[str, str]]]):
    """What was broken is found without being touched, then found and mended, then not found any more."""
    expected = await breaks(services)
    services.clock.passes(HOUR)
    for repair in (False, True):
        found = await look(services, repair=repair)
        told = {(each.kind, each.what) for each in found.named}
        assert set(expected.items()) <= told, told
        assert found.repaired == (found.differed if repair else 0)
    assert (await look(services)).counts == {}
    assert (await look(services, repair=False)).counts == {}


async def test_what_is_mended_is_what_had_been_heard(services, clock):
    """After an audit the records are those of one who heard of everything."""
    for breaks in FAULTS[:6]:
        await breaks(services)
    clock.passes(HOUR)
    await look(services)
    other = in_memory(clock)
    fresh = replace(other, fhir=services.fhir)
    await segments(fresh)
    await take_in_everyone(fresh)
    for each in PEOPLE[1:]:
        ours, theirs = await record(services, each), await record(fresh, each)
        assert {f.reference: f for f in ours.facts if not f.gone} == {f.reference: f for f in theirs.facts}
        assert ours.person == theirs.person
        assert {u for u, m in ours.memberships.items() if m.member} == {
            u for u, m in theirs.memberships.items() if m.member
        }
    assert (await record(services, "p0")).memberships == {}


async def test_what_moved_to_another_patient_moves(services, clock):
    await server(services).update(result("o-p0", "p1", 8))
    clock.passes(HOUR)
    found = await look(services)
    assert {(each.kind, each.what) for each in found.named} == {
        ("extra", "Observation/o-p0"),
        ("missing", "Observation/o-p0"),
    }
    assert (await look(services)).counts == {}
    first, second = await record(services, "p0"), await record(services, "p1")
    assert [f.resource_id for f in first.facts.of("Observation").values() if not f.gone] == []
    assert sorted(f.resource_id for f in second.facts.of("Observation").values()) == ["o-p0", "o-p1"]


async def test_what_is_due_for_some_time_is_let_happen(services, clock):
    """Thirty days on, nobody was woken: everybody is late, and is looked at."""
    clock.passes(31 * DAY)
    found = await look(services)
    assert found.counts == {"late": 6}
    assert await services.indexes.members(RECENT) == ()
    assert (await look(services)).counts == {}


async def test_what_only_just_happened_is_no_difference(services, clock):
    """It is on its way: a notification, or the search that comes every five minutes."""
    await has_an_old_version(services)
    await is_not_there(services)
    clock.passes(5 * MINUTE)
    assert (await look(services)).counts == {}
    clock.passes(15 * MINUTE)
    assert (await look(services)).counts == {"stale": 1, "missing": 1}


async def test_a_record_that_is_ahead_of_the_server_is_told_and_left(services):
    """The server was restored from a copy, say: nobody here can know what is right."""
    fact = (await record(services, "p0")).facts.get("Observation/o-p0")
    assert fact is not None
    ahead = replace(fact, version="9")
    await put(services, "p0", lambda held: replace(held, facts=held.facts.with_fact(ahead)))
    for _ in range(2):
        found = await look(services)
        assert found.named == (Difference("ahead", patient_key("p0"), "Observation/o-p0", False),)
        assert found.repaired == 0


class TestServers:
    """A server that does not search as we ask."""

    @pytest.fixture
    async def services(self, clock: Time) -> Services:
        made = in_memory(clock)
        await settled(made, clock)
        return made

    async def broken(self, services: Services, search: object, monkeypatch: pytest.MonkeyPatch) -> None:
        await lacks_a_resource(services)
        services.clock.passes(HOUR)  # type: ignore[attr-defined]
        monkeypatch.setattr(MemoryFhir, "search", search)

    async def test_one_that_ignores_the_parameter_is_asked_for_everything(self, services, monkeypatch):
        inner = MemoryFhir.search

        def ignores(self: MemoryFhir, kind: str, params: Mapping[str, str]) -> AsyncIterator[Resource]:
            return inner(self, kind, {name: value for name, value in params.items() if name != "patient"})

        monkeypatch.setattr(audit, "BATCH", 2)
        await self.broken(services, ignores, monkeypatch)
        assert (await look(services)).counts == {"missing": 1}

    async def test_one_that_refuses_the_parameter_is_asked_for_everything(self, services, monkeypatch):
        inner = MemoryFhir.search

        async def refuses(self: MemoryFhir, kind: str, params: Mapping[str, str]) -> AsyncIterator[Resource]:
            if (
                "_elements" in params
                and "_sort" not in params
                and not params.get("_id", "").startswith("unh")
            ):
                raise Rejected("the FHIR server refused the request (400)", "fhir-refused")
            async for each in inner(self, kind, params):
                yield each

        await self.broken(services, refuses, monkeypatch)
        assert (await look(services)).counts == {"missing": 1}

    async def test_one_that_lacks_a_type_is_asked_for_the_others(self, services, monkeypatch):
        inner = MemoryFhir.search

        async def lacks(self: MemoryFhir, kind: str, params: Mapping[str, str]) -> AsyncIterator[Resource]:
            if kind == "Appointment":
                raise Rejected("the FHIR server refused the request (404)", "fhir-refused")
            async for each in inner(self, kind, params):
                yield each

        await self.broken(services, lacks, monkeypatch)
        assert (await look(services)).counts == {"missing": 1}, "the appointment is not taken for deleted"

    async def test_one_that_says_nothing_leaves_patients_unchecked(self, services, monkeypatch):
        async def refuses(self: MemoryFhir, *_: object) -> AsyncIterator[Resource]:
            raise Rejected("the FHIR server refused the request (400)", "fhir-refused")
            yield {}

        monkeypatch.setattr(MemoryFhir, "everything", refuses)
        inner = MemoryFhir.search

        async def only_walks(
            self: MemoryFhir, kind: str, params: Mapping[str, str]
        ) -> AsyncIterator[Resource]:
            if "_sort" not in params:
                raise Rejected("the FHIR server refused the request (400)", "fhir-refused")
            async for each in inner(self, kind, params):
                yield each

        await is_not_listed(services)
        await self.broken(services, only_walks, monkeypatch)
        found = await look(services)
        assert (found.unchecked, found.counts) == (6, {"unlisted": 1}), "the rest is looked at all the same"


class TestOnTheQueue:
    """Batch after batch, on any instance, after any crash."""

    @pytest.fixture
    async def services(self, clock: Time, monkeypatch: pytest.MonkeyPatch) -> Services:
        monkeypatch.setattr(audit, "BATCH", 1)
        monkeypatch.setattr(audit, "MOST", 2)
        made = in_memory(clock)
        await settled(made, clock)
        for breaks in (lacks_a_resource, is_not_listed, is_listed_and_has_no_record, is_not_there):
            await breaks(made)
        clock.passes(HOUR)
        return made

    async def work_off(self, services: Services, *, twice: bool = False) -> list[Report]:
        queue, ended = services.queue, list[Report]()
        assert isinstance(queue, MemoryQueue)
        while queue.queues[AUDITS]:
            job = decode_job(queue.take(AUDITS).body)
            assert isinstance(job, Audit)
            for _ in range(1 + twice):
                if found := await go_on(services, job):
                    ended.append(found)
            if len(queue.queues[AUDITS]) > 50:
                queue.queues[AUDITS].pop()  # as many chains as were made by delivering twice
        return ended

    async def test_the_last_batch_of_all_brings_the_report(self, services):
        run = await start_audit(services)
        (found,) = await self.work_off(services)
        assert found == await report(services.documents, run)
        assert found.counts == {"missing": 2, "unlisted": 1, "orphan": 1}
        assert (found.looked_at, found.repaired) == (6, 4)

    async def test_every_message_delivered_twice_counts_once(self, services):
        await start_audit(services)
        found = (await self.work_off(services, twice=True))[-1]
        assert found.counts == {"missing": 2, "unlisted": 1, "orphan": 1}
        assert found.looked_at == 6

    async def test_a_crash_before_anything_is_written_down_loses_nothing(self, services, monkeypatch):
        """What was mended before the crash is mended; it is not told, and nothing else is lost."""
        run = await begin_audit(services, repair=True)
        real = audit.save_part

        async def crash(*_: object) -> str:
            raise Unavailable("storage is away")

        for shard in range(SHARDS + 1):
            monkeypatch.setattr(audit, "save_part", crash)
            with pytest.raises(Unavailable):
                await audit_batch(services, Audit(run, shard))
            monkeypatch.setattr(audit, "save_part", real)
            await go_on(services, Audit(run, shard))
        await self.work_off(services)
        found = await report(services.documents, run)
        assert found is not None
        assert (found.looked_at, found.finished is not None) == (6, True)
        assert (await look(services)).counts == {}

    async def test_of_two_workers_at_one_batch_one_writes_it_down(self, services, monkeypatch):
        run = await begin_audit(services, repair=False)
        looked = audit._look

        async def meanwhile(*args: object, **more: object) -> object:
            monkeypatch.setattr(audit, "_look", looked)
            await audit_batch(services, Audit(run, 0))
            return await looked(*args, **more)

        monkeypatch.setattr(audit, "_look", meanwhile)
        assert await audit_batch(services, Audit(run, 0)) is None

    async def test_an_audit_that_is_forgotten_is_rejected(self, services):
        with pytest.raises(Rejected):
            await go_on(services, Audit("2000-01-01T00:00:00.000Z", 0))


async def test_reports_of_the_latest_runs_are_kept(services, clock):
    for _ in range(KEPT_RUNS + 2):
        clock.passes(DAY)
        await begin_audit(services, repair=False)
    await forget_old(services.documents)
    kept = await reports(services.documents)
    assert len(kept) == KEPT_RUNS
    assert [each.run for each in kept] == sorted(each.run for each in kept)
    assert kept[-1].started == clock.now()
    names = [name async for name, _ in services.documents.all(REPORTS)]
    assert len(names) == KEPT_RUNS * (SHARDS + 1)


async def test_a_report_holds_no_patient_data(services, clock):
    await server(services).update(person("p0", name=[{"family": "Secret"}]))
    clock.passes(HOUR)
    await look(services)
    bodies = [body async for _, body in services.documents.all(REPORTS)]
    assert all(b"Secret" not in body for body in bodies)
    assert audit_records.GRACE == 15 * MINUTE
