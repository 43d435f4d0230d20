"""Populations in bulk: sorted out, gathered, taken in with nothing lost; exports followed to their end."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from memory_kit import HIGH, RECENT, Time, in_memory, person, record, result, segments, server, visit

from cli.gathering import SqliteGathering
from shared.adapters.memory import MemoryQueue
from shared.adapters.memory_fhir import MemoryFhir
from shared.errors import Rejected, Unavailable
from shared.events import CompartmentRead, ResourceChanged
from shared.fhir.instants import HOUR, iso
from shared.fhir.project import project
from shared.patient.record import patient_key
from shared.ports import Export, ExportFile, ExportPending
from shared.queues import CHANGES
from shared.usecases.bulk import Sorter, mark_taken_in, take_in_all
from shared.usecases.exports import LONGEST_WAIT, TRIES, finished, gather_export
from shared.usecases.jobs import Change, decode_job
from shared.usecases.react import Trigger, react
from shared.usecases.recover import reconcile, watermark
from shared.usecases.services import Services
from shared.usecases.take_in import take_in_everyone

WARD = {"resourceType": "Location", "id": "ward", "name": "Ward"}
PEOPLE = [person(f"p{n}") for n in range(20)]
RESULTS = [result(f"o{n}", f"p{n % 20}", 7 + n % 4) for n in range(60)]
VISITS = [visit("v1", "p1", "Location/ward"), visit("v2", "p2", "Location/nowhere")]


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def services(clock: Time) -> Services:
    return in_memory(clock)


@pytest.fixture
def sorter(services: Services, tmp_path: Path) -> Iterator[Sorter]:
    with closing(SqliteGathering(tmp_path)) as gathering:
        yield Sorter(services.zone, gathering)


async def everything_is(services: Services, other: Services) -> None:
    keys, walk = other.patients.keys(), services.patients.keys()
    found = [key async for key in keys]
    assert found == [key async for key in walk]
    for key in found:
        ours, theirs = (await services.patients.load(key)).record, (await other.patients.load(key)).record
        assert (ours.person, ours.facts) == (theirs.person, theirs.facts)
        assert ours.memberships == theirs.memberships


async def test_what_is_taken_in_from_files_is_what_the_server_gives_in_any_order(services, clock, sorter):
    """Places reach those whose visits are there, whoever comes first in the file."""
    other = in_memory(clock)
    for each in [WARD, *PEOPLE, *RESULTS, VISITS[0]]:
        await server(other).update(each)
    await take_in_everyone(other)
    exported = [found async for found in server(other)._exported("")]
    random.Random(7).shuffle(exported)
    for each in exported:
        sorter.sort_out(each)
    assert await take_in_all(services, sorter.gathering) == 20
    await everything_is(services, other)
    assert (await record(services, "p1")).facts.get("Location/ward") is not None


async def test_again_changes_nothing_and_an_older_file_neither(services, sorter):
    """A notification brought a newer version than the file has: the file does not take it back."""
    await server(services).update(PEOPLE[0])
    await server(services).update(result("o", "p0", 8))
    old = [found async for found in server(services)._exported("")]
    await server(services).update(result("o", "p0", 9.5))
    await take_in_everyone(services)
    before = await record(services, "p0")
    for each in old:
        sorter.sort_out(each)
    for _ in range(2):
        await take_in_all(services, sorter.gathering)
    assert await record(services, "p0") == before


async def test_a_newer_version_that_is_heard_of_later_counts(services, sorter):
    """What a file says without a version gives way to what the server says with one."""
    for each in (PEOPLE[0], result("o", "p0", 8)):
        sorter.sort_out(each)
    await take_in_all(services, sorter.gathering)
    await server(services).update(result("o", "p0", 9.5))
    told = project(await anext(aiter(server(services).search("Observation", {}))))
    await react(services, patient_key("p0"), [ResourceChanged(told.content)], Trigger("t"), "p0")
    fact = (await record(services, "p0")).facts.get("Observation/o")
    assert fact is not None
    assert fact.value is not None
    assert fact.value.number == 9.5


async def test_what_is_not_kept_is_counted(sorter):
    kinds = ("Claim", "Claim", "Organization")
    for each in [
        *({"resourceType": kind, "id": "1"} for kind in kinds),
        {"resourceType": "Condition", "id": "1"},
    ]:
        sorter.sort_out(each)
    sorter.sort_out(PEOPLE[0])
    tally = sorter.tally
    assert (tally.kept, tally.not_kept, tally.of_nobody) == (
        1,
        {"Claim": 2, "Organization": 1},
        {"Condition": 1},
    )
    assert sorter.gathering.count() == 1


async def test_a_place_that_is_in_no_file_is_heard_of_when_it_comes(services, sorter):
    for each in (person("p2"), VISITS[1]):
        sorter.sort_out(each)
    await take_in_all(services, sorter.gathering)
    assert await services.indexes.patients_of_reference("Location/nowhere") == (patient_key("p2"),)


async def test_the_latest_of_several_versions_of_a_place_is_kept(services, sorter):
    for version, name in (("2", "New"), ("10", "Newest"), ("1", "Old")):
        sorter.sort_out({**WARD, "name": name, "meta": {"versionId": version}})
    sorter.sort_out(VISITS[0])
    await take_in_all(services, sorter.gathering)
    place = (await record(services, "p1")).facts.get("Location/ward")
    assert place is not None
    assert place.title == "Newest"


async def test_what_comes_together_counts_together(services):
    """No segment is entered by half of what came, and left by the other half."""
    await segments(services)
    results = [result("new", "p", 7), result("old", "p", 12, "2020-01-01")]
    contents = tuple(project(each).content for each in (person("p"), results[1], results[0]))
    await react(services, patient_key("p"), [CompartmentRead(contents)], Trigger("t"), "p")
    lines = [line.text for line in await services.patients.timeline(patient_key("p"))]
    assert [text.partition(":")[0] for text in lines] == ["Entered segment recent"]
    assert await services.indexes.members(HIGH) == ()
    assert await services.indexes.members(RECENT) == (patient_key("p"),)


async def test_together_is_the_same_as_one_by_one_in_the_end(services, clock):
    other = in_memory(clock)
    for each in (services, other):
        await segments(each)
    contents = [project(each).content for each in (PEOPLE[0], *RESULTS[::20], VISITS[0])]
    await react(services, patient_key("p0"), [CompartmentRead(tuple(contents))], Trigger("t"), "p0")
    for content in contents:
        await react(other, patient_key("p0"), [ResourceChanged(content)], Trigger("t"), "p0")
    ours, theirs = await record(services, "p0"), await record(other, "p0")
    assert (ours.person, ours.facts) == (theirs.person, theirs.facts)
    assert [(u, m.member, m.next_flip) for u, m in sorted(ours.memberships.items())] == [
        (u, m.member, m.next_flip) for u, m in sorted(theirs.memberships.items())
    ]


async def test_reconciliation_goes_on_from_where_an_export_was_made(services, clock):
    await server(services).update(PEOPLE[0])
    clock.passes(HOUR)
    at = clock.now()
    await mark_taken_in(services, at)
    assert (await watermark(services, "Patient"))[0].latest == at
    clock.passes(HOUR)
    assert await reconcile(services) == 0
    await server(services).update(PEOPLE[1])
    assert await reconcile(services) == 1
    await mark_taken_in(services, at)
    assert (await watermark(services, "Patient"))[0].latest == clock.now(), "a mark never goes back"


class Scripted:
    """A server whose exports stand as told: what to answer, or to raise, in turn."""

    def __init__(self, *script: object, lines: dict[str, list[object]] | None = None) -> None:
        self.script, self.lines, self.slept = list(script), lines or {}, list[float]()

    async def export_status(self, place: str) -> object:
        told = self.script.pop(0)
        if isinstance(told, Exception):
            raise told
        return told

    async def export_lines(self, export: Export, file: ExportFile) -> AsyncIterator[bytes]:
        for told in self.lines[file.url]:
            if isinstance(told, list):
                raise told.pop() if told else AssertionError("read once too often")
            yield told if isinstance(told, bytes) else orjson.dumps(told)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


DONE = Export("e", 0, (), False)


def scripted(services: Services, monkeypatch: pytest.MonkeyPatch, told: Scripted) -> Services:
    for name in ("export_status", "export_lines"):
        monkeypatch.setattr(MemoryFhir, name, lambda self, *args, n=name: getattr(told, n)(*args))
    return services


async def test_an_export_is_asked_for_as_the_server_wishes(services, monkeypatch):
    """Retry-After is kept to, within reason; without it we ask less and less often."""
    pending = [
        ExportPending("1 %"),
        ExportPending("2 %", 7.0),
        ExportPending("3 %"),
        ExportPending("", 9_000.0),
    ]
    told, heard = Scripted(*pending, DONE), list[str]()
    assert await finished(scripted(services, monkeypatch, told), "e", heard.append, told.sleep) == DONE
    assert heard == ["1 %", "2 %", "3 %", ""]
    assert told.slept == [1.0, 7.0, 4.0, LONGEST_WAIT]


async def test_a_server_that_fails_now_and_then_is_asked_again_and_one_that_goes_on_is_not(
    services, monkeypatch
):
    fails = [Unavailable("500", 3.0)] * (TRIES - 1)
    told = Scripted(*fails, ExportPending(), *fails, DONE)
    assert await finished(scripted(services, monkeypatch, told), "e", sleep=told.sleep) == DONE
    told = Scripted(*fails, Unavailable("500"))
    with pytest.raises(Unavailable):
        await finished(scripted(services, monkeypatch, told), "e", sleep=told.sleep)
    with pytest.raises(Rejected):
        await finished(scripted(services, monkeypatch, Scripted(Rejected("no"))), "e")


async def test_files_of_every_kind_are_read_and_rubbish_is_named(services, monkeypatch, sorter):
    """Resources are gathered, deletions queued, what failed is reported in codes."""
    gone = [{"request": {"method": "DELETE", "url": f"{kind}/1"}} for kind in ("Observation", "Claim")]
    issue = {"severity": "error", "code": "exception", "diagnostics": "secret"}
    lines = {
        "a": [PEOPLE[0], b"", b"{secret", {"resourceType": "Patient", "name": "secret"}],
        "d": [{"resourceType": "Bundle", "entry": gone}],
        "e": [{"resourceType": "OperationOutcome", "issue": [issue]}],
    }
    files = (ExportFile("output", "a", "Patient"), ExportFile("deleted", "d"), ExportFile("error", "e"))
    reported, heard = list[str](), list[str]()
    services = scripted(services, monkeypatch, Scripted(lines=lines))
    await gather_export(services, Export("e", 0, files, False), sorter, reported.append, heard.append)
    assert sorter.gathering.count() == 1
    assert heard == ["Patient (file 1 of 3)", "deleted (file 2 of 3)", "error (file 3 of 3)"]
    assert reported == [
        "Patient (file 1 of 3):3: not JSON",
        "Patient (file 1 of 3):4: a resource without a type or an id",
        "error (file 3 of 3):1: the FHIR server says: error exception",
    ]
    queue = services.queue
    assert isinstance(queue, MemoryQueue)
    assert [decode_job(each.body) for each in queue.queues[CHANGES]] == [
        Change("Observation", "1", action="deleted")
    ]


async def test_a_file_that_breaks_off_is_read_again(services, monkeypatch, sorter):
    breaks: list[object] = [Unavailable("broke off")] * 2
    told = Scripted(lines={"a": [PEOPLE[0], breaks, PEOPLE[1]]})
    export = Export("e", 0, (ExportFile("output", "a"),), False)
    with pytest.raises(AssertionError):
        await gather_export(scripted(services, monkeypatch, told), export, sorter, print, print)
    assert breaks == []


async def test_a_whole_export_from_beginning_to_end(services, clock, sorter):
    for each in [WARD, *PEOPLE, *RESULTS, VISITS[0]]:
        await server(services).update(each)
    place = await services.fhir.start_export(("Patient", "Observation", "Location", "Appointment"))
    export = await finished(services, place)
    assert iso(export.at) == iso(clock.now())
    await gather_export(services, export, sorter, pytest.fail, lambda name: None)
    assert await take_in_all(services, sorter.gathering) == 20
    await mark_taken_in(services, export.at)
    assert await reconcile(services) == 0
