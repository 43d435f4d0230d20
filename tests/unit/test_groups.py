"""Segments as FHIR Groups, written and emptied; FHIR Groups as static lists that segments ask."""

from __future__ import annotations

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class
from memory_kit import HIGH, RECENT, Time, in_memory, person, record, result, segments, server

from shared.catalogue import Document
from shared.errors import Conflict, Rejected
from shared.fhir.groups import GroupLabel, GroupMember, group_of_patients, members_of
from shared.fhir.instants import DAY, MINUTE, Instant, iso
from shared.fhir.references import ResourceKey
from shared.patient.record import patient_key
from shared.usecases import groups, static_lists
from shared.usecases.groups import groups_of, write_groups
from shared.usecases.publish import publish
from shared.usecases.react import Trigger
from shared.usecases.services import Services
from shared.usecases.static_lists import read_group, take_list
from shared.usecases.take_in import take_in_everyone
from shared.usecases.wake import Refresh, refresh

LIST = "https://hearthline.example/lists/trial"
PEOPLE = tuple(f"p{n}" for n in range(7))


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
async def services(clock: Time) -> Services:
    """Seven patients, all with a recent result, of whom three are high."""
    made = in_memory(clock)
    await segments(made)
    for n, each in enumerate(PEOPLE):
        await server(made).update(person(each))
        await server(made).update(result(f"o-{each}", each, 12 if n < 3 else 7))
    await take_in_everyone(made)
    return made


async def made(services: Services, url: str) -> list[dict[str, object]]:
    return [group async for group in groups_of(services, url)]


async def on_server(services: Services, reference: str) -> dict[str, object]:
    found = (await server(services).read(ResourceKey(*reference.split("/")))).resource
    assert found is not None
    return dict(found)


async def test_a_group_of_a_segment_is_valid_and_names_members_and_since_when(services, clock):
    (group,) = await made(services, HIGH)
    get_fhir_model_class("Group").model_validate_json(orjson.dumps(group))
    assert (group["type"], group["actual"], group["active"], group["quantity"]) == ("person", True, True, 3)
    assert {str(key) for key in members_of(group)} == {"Patient/p0", "Patient/p1", "Patient/p2"}
    assert {member["period"]["start"] for member in group["member"]} == {iso(clock.now())}
    assert [each["value"] for each in group["identifier"]] == [HIGH, f"{HIGH}|1.0.0"]
    assert group["name"] == "high"


async def test_the_record_has_the_last_word_on_who_is_a_member(services):
    """A member row that says too much is the audit's matter."""
    await services.indexes.drop_member(HIGH, patient_key("p0"))
    from shared.effects import IndexMember

    await services.indexes.apply(patient_key("p5"), IndexMember(HIGH, True, Instant(0), 99))
    (group,) = await made(services, HIGH)
    assert {str(key) for key in members_of(group)} == {"Patient/p1", "Patient/p2"}


async def test_a_segment_of_nobody_is_a_group_without_members(services):
    for each in PEOPLE:
        await server(services).update(result(f"o-{each}", each, 7))
    await take_in_everyone(services)
    (group,) = await made(services, HIGH)
    get_fhir_model_class("Group").model_validate_json(orjson.dumps(group))
    assert "member" not in group
    assert group["quantity"] == 0


async def test_a_segment_that_is_not_published(services):
    with pytest.raises(Rejected) as rejected:
        await made(services, "urn:none")
    assert rejected.value.code == "unknown-segment"


async def test_a_large_segment_is_a_group_of_groups(services, monkeypatch):
    """Every member is in one of them, read page by page; the whole is valid too."""
    monkeypatch.setattr(groups, "MOST", 3)
    monkeypatch.setattr(groups, "PAGE", 2)
    *parts, whole = await made(services, RECENT)
    for group in (*parts, whole):
        get_fhir_model_class("Group").model_validate_json(orjson.dumps(group))
    assert [group["quantity"] for group in parts] == [3, 3, 1]
    assert whole["quantity"] == 7
    assert [key.resource_id for key in members_of(whole, "Group")] == [group["id"] for group in parts]
    named = [key.resource_id for group in parts for key in members_of(group)]
    assert sorted(named) == sorted(PEOPLE)
    assert len({group["id"] for group in (*parts, whole)}) == 4


async def test_written_once_and_again_only_when_members_change(services, clock):
    (first,) = await write_groups(services, HIGH)
    assert (first.version, first.changed) == ("1", True)
    clock.passes(DAY)
    (again,) = await write_groups(services, HIGH)
    assert (again.reference, again.version, again.changed) == (first.reference, "1", False)
    await server(services).update(result("o-p0", "p0", 7))
    await take_in_everyone(services)
    (after,) = await write_groups(services, HIGH)
    assert (after.reference, after.version, after.changed) == (first.reference, "2", True)
    assert len(list(members_of(await on_server(services, first.reference)))) == 2


async def test_parts_that_are_not_needed_any_more_are_emptied(services, monkeypatch):
    monkeypatch.setattr(groups, "MOST", 2)
    before = await write_groups(services, RECENT)
    assert len(before) == 5
    monkeypatch.setattr(groups, "MOST", 5)
    after = await write_groups(services, RECENT)
    emptied = {each.reference for each in before} - {each.reference for each in after[:3]}
    assert {each.reference for each in after[3:]} == emptied
    assert len(emptied) == 2
    for reference in emptied:
        group = await on_server(services, reference)
        assert (group["active"], "member" in group) == (False, False)
    assert await read_group(services, after[2].reference) == frozenset(PEOPLE)
    assert not any(each.changed for each in await write_groups(services, RECENT))


async def test_what_somebody_else_wrote_meanwhile_is_not_written_over(services, monkeypatch):
    (first,) = await write_groups(services, HIGH)
    await server(services).update(result("o-p0", "p0", 7))
    await take_in_everyone(services)
    fhir, inner = server(services), server(services).update

    async def meanwhile(resource: dict[str, object], if_match: str | None = None) -> str:
        monkeypatch.setattr(fhir, "update", inner)
        await inner({**resource, "name": "theirs"})
        return await inner(resource, if_match)

    monkeypatch.setattr(fhir, "update", meanwhile)
    with pytest.raises(Conflict):
        await write_groups(services, HIGH)
    assert (await on_server(services, first.reference))["name"] == "theirs"


def group(name: str, *members: str, **more: object) -> dict[str, object]:
    listed = [{"entity": {"reference": each}} for each in members]
    return {"resourceType": "Group", "id": name, "type": "person", "actual": True, "member": listed, **more}


async def test_the_patients_of_a_group_and_of_the_groups_in_it(services):
    """In circles too; inactive members, others than patients and named ones are passed over."""
    outer = group("outer", "Patient/p1", "Group/inner", "Practitioner/7", "https://x.example/fhir/Patient/p3")
    outer["member"] += [
        {"entity": {"reference": "Patient/p2"}, "inactive": True},
        {"entity": {"identifier": {"value": "7"}}},
        {"entity": {"reference": "#contained"}},
        7,
    ]
    await server(services).update(outer)
    await server(services).update(group("inner", "Patient/p4", "Patient/p1", "Group/outer"))
    assert await read_group(services, "Group/outer") == {"p1", "p3", "p4"}


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("Patient/p1", "bad-reference"),
        ("rubbish", "bad-reference"),
        ("Group/none", "no-group"),
        ("Group/def", "no-group"),
    ],
)
async def test_what_is_no_group_of_people(services, reference, code):
    await server(services).update(group("def", actual=False))
    with pytest.raises(Rejected) as rejected:
        await read_group(services, reference)
    assert rejected.value.code == code


async def test_groups_that_lie_too_deeply(services):
    for number in range(static_lists.DEEPEST + 1):
        await server(services).update(group(f"g{number}", f"Group/g{number + 1}"))
    with pytest.raises(Rejected):
        await read_group(services, "Group/g0")


async def test_a_group_becomes_a_list_that_a_segment_asks_and_is_read_again_on_request(services, clock):
    """The next version is published only where the people changed."""
    await server(services).update(group("trial", "Patient/p1", "Patient/p2"))
    taken = await take_list(services, "Group/trial", LIST, "Trial")
    assert taken.people == 2
    assert taken.published is not None
    body = {"url": "urn:in-trial", "version": "1", "title": "In trial", "criteria": {"in_list": LIST}}
    await publish(services, (Document("segment", "in-trial.yaml", body),))
    for each in PEOPLE:
        await refresh(services, Refresh(patient_key(each)), Trigger("t"))
    assert set(await services.indexes.members("urn:in-trial")) == {patient_key("p1"), patient_key("p2")}
    clock.passes(MINUTE)
    assert (await take_list(services, "Group/trial", LIST, "Trial")).published is None
    await server(services).update(group("trial", "Patient/p2"))
    again = await take_list(services, "Group/trial", LIST, "Trial")
    assert again.published is not None
    for each in PEOPLE:
        await refresh(services, Refresh(patient_key(each)), Trigger("t"))
    assert await services.indexes.members("urn:in-trial") == (patient_key("p2"),)
    assert not (await record(services, "p1")).memberships.get("urn:in-trial")


async def test_a_group_of_too_many_for_a_list(services, monkeypatch):
    monkeypatch.setattr(static_lists, "MOST", 1)
    await server(services).update(group("trial", "Patient/p1", "Patient/p2"))
    with pytest.raises(Rejected) as rejected:
        await take_list(services, "Group/trial", LIST)
    assert rejected.value.code == "too-large"


def test_titles_are_written_as_text():
    made = group_of_patients("1", GroupLabel("urn:s", "1", "A < B & C"), [GroupMember("p")], Instant(0))
    assert "A &lt; B &amp; C" in made["text"]["div"]
    get_fhir_model_class("Group").model_validate_json(orjson.dumps(made))
    assert "period" not in made["member"][0]
