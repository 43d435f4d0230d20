"""What every FhirServer does, held over the memory one and over HTTP to the sandbox's real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC
from types import SimpleNamespace
from typing import Protocol
from uuid import uuid4

import aiohttp
import orjson
import pytest

from shared.adapters.clock import SystemClock
from shared.adapters.fhir_calls import FhirCalls
from shared.adapters.fhir_http import FhirHttp
from shared.adapters.memory_fhir import MemoryFhir
from shared.errors import Conflict, Rejected
from shared.fhir.groups import GroupLabel, GroupMember, group_of_patients
from shared.fhir.instants import SECOND, Instant, iso, parse_instant
from shared.fhir.references import ResourceKey
from shared.ports import Export, FhirServer
from shared.usecases.audit_server import list_batch, list_references

type Resource = dict[str, object]


class Writable(FhirServer, Protocol):
    """A FhirServer that the tests can write to."""

    async def update(self, resource: Resource, if_match: str | None = None) -> str: ...

    async def delete(self, key: ResourceKey) -> None: ...


class DeletableHttp(FhirHttp):
    """The client under test, with the deletion that only tests need."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        super().__init__(FhirCalls(session, base_url))
        self._delete = lambda key: session.delete(f"{base_url}/{key}")

    async def delete(self, key: ResourceKey) -> None:
        async with self._delete(key) as answer:
            assert answer.status < 300


@pytest.fixture(params=["memory", "http"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Writable]:
    if request.param == "memory":
        yield MemoryFhir(SystemClock())
        return
    async with aiohttp.ClientSession() as session:
        yield DeletableHttp(session, request.getfixturevalue("sekmet"))


def patient(family: str = "Ng") -> Resource:
    return {"resourceType": "Patient", "id": uuid4().hex, "name": [{"family": family}]}


def key_of(resource: Resource) -> ResourceKey:
    return ResourceKey(str(resource["resourceType"]), str(resource["id"]))


async def ids(server: Writable, **params: str) -> list[object]:
    return [found["id"] async for found in server.search("Patient", params)]


async def test_what_never_was_is_not_known(server):
    found = await server.read(ResourceKey("Patient", "never-was"))
    assert (found.resource, found.version, found.deleted) == (None, "", False)


async def test_what_was_written_is_read_with_its_version(server):
    written = patient()
    assert await server.update(written) == "1"
    found = await server.read(key_of(written))
    assert found.resource is not None
    assert found.resource["name"] == written["name"]
    assert (found.version, found.deleted) == ("1", False)
    assert found.resource["meta"]["versionId"] == "1"
    assert abs(parse_instant(found.resource["meta"]["lastUpdated"]) - SystemClock().now()) < 60 * SECOND


async def test_each_write_is_a_version(server):
    written = patient()
    versions = [await server.update({**written, "gender": gender}) for gender in ("female", "male", "other")]
    assert versions == ["1", "2", "3"]
    assert (await server.read(key_of(written))).version == "3"


async def test_a_write_over_another_version_is_a_conflict(server):
    written = patient()
    await server.update(written)
    assert await server.update({**written, "gender": "other"}, if_match="1") == "2"
    with pytest.raises(Conflict):
        await server.update(written, if_match="1")
    assert (await server.read(key_of(written))).version == "2"


async def test_what_was_deleted_says_so(server):
    written = patient()
    await server.update(written)
    await server.delete(key_of(written))
    found = await server.read(key_of(written))
    assert (found.resource, found.deleted) == (None, True)
    assert found.version in {"", "2"}


async def test_history_is_what_was_before_newest_first(server):
    written = patient("First")
    for family in ("First", "Second", "Third"):
        await server.update({**written, "name": [{"family": family}]})
    former = await server.history(key_of(written))
    assert [version["name"][0]["family"] for version in former] == ["Second", "First"]


async def test_history_of_what_was_deleted_holds_its_last_version(server):
    written = patient()
    await server.update(written)
    await server.delete(key_of(written))
    former = await server.history(key_of(written))
    assert [version["id"] for version in former] == [written["id"]]


async def test_history_of_what_never_was_is_empty(server):
    assert await server.history(ResourceKey("Patient", "never-was")) == ()


async def test_deletions_of_a_type_since_an_instant(server):
    """Newest first, with version and instant; nothing that stayed or changed, nothing of another type."""
    kept, gone, later = patient(), patient(), patient()
    for resource in (kept, gone, later):
        await server.update(resource)
    await server.delete(key_of(gone))
    await server.update({**kept, "active": False})
    await server.delete(key_of(later))
    since = parse_instant((await server.read(key_of(kept))).resource["meta"]["lastUpdated"])
    every = [each async for each in server.deletions("Patient", Instant(since - 60 * SECOND))]
    ours = [each for each in every if each.key in (key_of(kept), key_of(gone), key_of(later))]
    assert [each.key for each in ours] == [key_of(later), key_of(gone)]
    assert {each.version for each in ours} == {"2"}
    assert all(since - 60 * SECOND <= each.at <= since + 60 * SECOND for each in ours)
    assert [each async for each in server.deletions("Encounter", Instant(since - 60 * SECOND))] == []
    assert [each async for each in server.deletions("Patient", Instant(since + 60 * SECOND))] == []


async def test_search_walks_all_pages_and_leaves_out_what_was_deleted(server):
    written = [patient() for _ in range(5)]
    since = iso(Instant(SystemClock().now() // 1000 * 1000))
    for each in written:
        await server.update(each)
    await server.delete(key_of(written[2]))
    found = await ids(server, _lastUpdated=f"ge{since}", _sort="_lastUpdated", _count="2")
    wanted = {each["id"] for n, each in enumerate(written) if n != 2}
    assert wanted <= set(found)
    assert written[2]["id"] not in found
    assert len(found) == len(set(found))


async def test_search_by_id(server):
    written = patient()
    await server.update(written)
    assert await ids(server, _id=str(written["id"])) == [written["id"]]
    assert await ids(server, _id=str(written["id"]), _lastUpdated="lt2001-01-01") == []


async def test_search_by_identifier(server):
    """The same value of another system is another person's."""
    value = f"{uuid4().hex}-a"
    one, other = patient(), patient()
    await server.update({**one, "identifier": [{"system": "urn:mrn", "value": value}]})
    await server.update({**other, "identifier": [{"system": "urn:other", "value": value}]})
    assert await ids(server, identifier=f"urn:mrn|{value}") == [one["id"]]
    assert await ids(server, identifier=f"urn:mrn|{value}b") == []


async def test_ids_of_all_patients(server):
    written = patient()
    await server.update(written)
    assert written["id"] in await ids(server, _elements="id", _count="500", _sort="_lastUpdated")


async def test_everything_of_a_patient_and_nothing_of_another(server):
    mine, other = patient(), patient()
    visits = [
        {"resourceType": "Encounter", "id": uuid4().hex, "subject": {"reference": str(key_of(each))}}
        for each in (mine, other)
    ]
    for each in (mine, other, *visits):
        await server.update(each)
    found = {key_of(each) async for each in server.everything(str(mine["id"]))}
    assert {key_of(mine), key_of(visits[0])} <= found
    assert not {key_of(other), key_of(visits[1])} & found


async def test_nothing_of_what_is_no_id(server):
    with pytest.raises(Rejected):
        await anext(aiter(server.everything("../Claim/1")))


async def test_events_that_the_server_does_not_keep_are_refused(server):
    with pytest.raises(Rejected) as rejected:
        await server.events("none", 1, 2)
    assert rejected.value.code == "events-unsupported"


@pytest.mark.parametrize(
    ("resource_type", "resource_id"),
    [("Patient", "../Claim/1"), ("Patient", "a?b=c"), ("../x", "1"), ("Patient", "")],
)
async def test_what_is_no_type_and_id_never_leaves_here(server, resource_type, resource_id):
    key = ResourceKey(resource_type, resource_id)
    with pytest.raises(Rejected):
        await server.read(key)
    with pytest.raises(Rejected):
        await server.update({"resourceType": resource_type, "id": resource_id})


async def test_no_search_of_what_is_no_type(server):
    with pytest.raises(Rejected):
        await anext(aiter(server.search("Patient/1", {})))


async def test_memory_keeps_events_by_number():
    server = MemoryFhir(SystemClock())
    bundles = {number: {"resourceType": "Bundle", "id": str(number)} for number in (4, 2, 3)}
    for number, bundle in bundles.items():
        server.note_event("s", number, bundle)
    assert await server.events("Subscription/s", 2, 3) == (bundles[2], bundles[3])


async def finished(server: FhirServer, place: str) -> Export:
    for _ in range(1000):
        status = await server.export_status(place)
        if isinstance(status, Export):
            return status
        await asyncio.sleep(0.01)
    raise AssertionError("the export does not end")


async def exported(server: FhirServer, place: str) -> dict[str, set[object]]:
    export = await finished(server, place)
    found: dict[str, set[object]] = {}
    for file in export.files:
        assert file.kind == "output"
        ids = {orjson.loads(line)["id"] async for line in server.export_lines(export, file)}
        assert file.count == len(ids)
        found.setdefault(file.resource_type, set()).update(ids)
    return found


async def test_an_export_holds_what_there_is_of_the_types_asked_for(server):
    mine, other, place = patient(), patient(), {"resourceType": "Location", "id": uuid4().hex}
    for each in (mine, other, place):
        await server.update(each)
    await server.delete(key_of(other))
    began = SystemClock().now()
    found = await exported(server, await server.start_export(("Patient", "Encounter")))
    assert mine["id"] in found["Patient"]
    assert other["id"] not in found["Patient"]
    assert "Location" not in found
    export = await finished(server, await server.start_export(("Patient",)))
    assert abs(export.at - began) < 60 * SECOND


async def test_an_export_of_what_is_newer(server):
    await server.update(patient())
    later = Instant(SystemClock().now() + 60 * SECOND)
    assert await exported(server, await server.start_export(("Patient",), since=later)) == {}


async def test_an_export_of_a_group_is_of_its_members(server):
    mine, other = patient(), patient()
    visits = [
        {"resourceType": "Encounter", "id": uuid4().hex, "subject": {"reference": str(key_of(each))}}
        for each in (mine, other)
    ]
    label = GroupLabel("urn:s", "1", "S")
    group = group_of_patients(uuid4().hex, label, [GroupMember(str(mine["id"]))], Instant(0))
    for each in (mine, other, *visits, group):
        await server.update(each)
    found = await exported(server, await server.start_export(("Patient", "Encounter"), str(group["id"])))
    assert found == {"Patient": {mine["id"]}, "Encounter": {visits[0]["id"]}}


async def test_an_export_of_a_group_that_is_not_there(server):
    with pytest.raises(Rejected) as rejected:
        await server.start_export(("Patient",), "never-was")
    assert rejected.value.code == "no-export"


async def test_an_export_that_was_ended_is_not_known_any_more(server):
    place = await server.start_export(("Patient",))
    await finished(server, place)
    for _ in range(2):
        await server.end_export(place)
    with pytest.raises(Rejected) as rejected:
        await server.export_status(place)
    assert rejected.value.code == "no-such-export"


async def test_a_batch_of_patients_is_listed_by_id_and_version(server):
    """What an audit asks: one search a type for several patients, of ids, versions and whose it is."""
    mine, other, third = patient(), patient(), patient()
    visits = [
        {"resourceType": "Encounter", "id": uuid4().hex, "subject": {"reference": str(key_of(each))}}
        for each in (mine, other, third)
    ]
    for each in (mine, other, third, *visits, {**visits[0], "status": "finished"}):
        await server.update(each)
    services = SimpleNamespace(fhir=server, zone=UTC)
    listing = await list_batch(services, [str(mine["id"]), str(other["id"])])
    found = {
        patient_id: {reference: content.version for reference, content in held.items()}
        for patient_id, held in listing.items()
    }
    assert found == {
        mine["id"]: {str(key_of(mine)): "1", str(key_of(visits[0])): "2"},
        other["id"]: {str(key_of(other)): "1", str(key_of(visits[1])): "1"},
    }
    single = await list_references(services, {str(key_of(visits[2])), "Encounter/never-was"})
    assert single["Encounter/never-was"] is None
    held = single[str(key_of(visits[2]))]
    assert held is not None
    assert (held.content.version, held.patients) == ("1", (third["id"],))


def somebody(**more: object) -> Resource:
    return {**patient(f"Ng{uuid4().hex[:8]}"), **more}


async def found(server: Writable, **params: str | list[str]) -> list[object]:
    return [each["id"] for each in await server.find("Patient", params, 50)]


async def test_patients_are_found_by_what_people_know(server):
    family, number, mail = f"Ng{uuid4().hex[:8]}", uuid4().hex, f"{uuid4().hex}@example.org"
    telecom = [{"system": "phone", "value": f"+1{number}"}, {"system": "email", "value": mail}]
    identifier = [{"system": "urn:mrn", "value": number}]
    names = [{"family": family, "given": ["Ana", "Lucía"]}]
    whole = somebody(name=names, birthDate="1970-05-17", telecom=telecom, identifier=identifier)
    other = somebody(name=[{"family": family, "given": ["Ben"]}], birthDate="1971-05-17")
    for each in (whole, other):
        await server.update(each)
    one, both = [whole["id"]], sorted([whole["id"], other["id"]])
    assert await found(server, identifier=f"urn:mrn|{number}") == one
    assert await found(server, identifier=number) == one
    assert await found(server, identifier=f"urn:other|{number}") == []
    assert sorted(await found(server, name=family)) == both
    assert await found(server, name=["ana", family]) == one
    assert await found(server, name=family, birthdate="1970-05-17") == one
    assert await found(server, phone=f"000,+1{number}") == one
    assert await found(server, email=mail) == one
    assert await found(server, name=uuid4().hex) == []
    assert len(await server.find("Patient", {"name": family, "_count": "1"}, 1)) == 1


async def test_what_was_deleted_is_not_found(server):
    gone = somebody(identifier=[{"system": "urn:mrn", "value": uuid4().hex}])
    await server.update(gone)
    await server.delete(key_of(gone))
    assert await found(server, identifier=gone["identifier"][0]["value"]) == []


async def test_what_is_looked_for_stands_in_no_url(server):
    if isinstance(server, MemoryFhir):
        return
    asked = []
    calls = server._calls

    class Watched:
        base = calls.base

        async def search(self, url, form):
            asked.append(str(url))
            return await calls.search(url, form)

    server._calls = Watched()
    await server.find("Patient", {"name": "Somebody"}, 5)
    assert [url.rpartition("/Patient/")[2] for url in asked] == ["_search"]
