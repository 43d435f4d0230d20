"""Segments by the admin API: listed, read, in words; whom they hold and why, to those who may know."""

from __future__ import annotations

from typing import Any

import pytest

from functions.admin.shapes import definition_id
from shared.access.roles import Role
from shared.catalogue import Document
from shared.fhir.references import ResourceKey
from shared.patient.record import patient_key
from shared.queues import OPERATIONS
from shared.usecases.jobs import Operate, decode_job
from shared.usecases.operations.kinds import does
from shared.usecases.operations.running import carry_on
from shared.usecases.publish import publish
from shared.usecases.take_in import take_in_everyone
from tests.admin.admin_kit import Desk, code_of
from tests.unit.memory_kit import HIGH, RECENT, person, result, segments, server

HIGH_ID, RECENT_ID = definition_id("segment", HIGH), definition_id("segment", RECENT)
FEW, MANY = 3, 12
"""People whose result is high, and whose is not."""


@pytest.fixture
async def ward(desk: Desk) -> Desk:
    """Publish two segments, and take in people, all with a recent result."""
    await segments(desk.services)
    for n in range(FEW + MANY):
        gender = "female" if n % 2 else "male"
        await server(desk.services).update(person(f"p{n}", gender=gender))
        await server(desk.services).update(result(f"o{n}", f"p{n}", 12 if n < FEW else 7))
    await take_in_everyone(desk.services)
    return desk


async def _ended(desk: Desk, started: Any, role: Role = Role.MARKETER) -> Any:
    """Do the long work that stands on the queue; how it ended."""
    assert started.status_code == 202, started.text
    (letter,) = desk.services.queue.queues[OPERATIONS]  # type: ignore[attr-defined]
    job = decode_job(letter.body)
    assert isinstance(job, Operate)
    await carry_on(desk.services, job, does)
    return (await desk.call("GET", f"/operations/{started.json()['operation']}", role)).json()


async def test_segments_are_listed_sorted_filtered_and_page_by_page(ward: Desk) -> None:
    first = (await ward.call("GET", "/segments", Role.MARKETER, params={"limit": 1})).json()
    assert [each["title"] for each in first["items"]] == ["high"]
    rest = await ward.call("GET", "/segments", Role.MARKETER, params={"limit": 1, "cursor": first["next"]})
    assert [each["segment"] for each in rest.json()["items"]] == [RECENT_ID]
    assert rest.json()["next"] == ""
    newer = {"url": "urn:newer", "version": "1", "title": "A newer one", "tags": "diabetes"}
    body = {**newer, "criteria": {"gender": "female"}}
    await publish(ward.services, (Document("segment", "newer.yaml", body),))
    for params, found in (
        ({"tag": "diabetes"}, ["A newer one"]),
        ({"text": "NEWER"}, ["A newer one"]),
        ({"sort": "-published", "limit": 1}, ["A newer one"]),
        ({"text": "hearthline.example"}, ["high", "recent"]),
    ):
        listed = (await ward.call("GET", "/segments", Role.AGENT, params=params)).json()
        assert [each["title"] for each in listed["items"]] == found


async def test_a_page_goes_on_where_it_was_though_something_was_published_since(ward: Desk) -> None:
    first = (await ward.call("GET", "/segments", params={"limit": 1})).json()
    body = {"url": "urn:a", "version": "1", "title": "a", "criteria": {"gender": "female"}}
    await publish(ward.services, (Document("segment", "a.yaml", body),))
    rest = (await ward.call("GET", "/segments", params={"cursor": first["next"]})).json()
    assert [each["title"] for each in rest["items"]] == ["recent"]


async def test_a_segment_is_told_as_written_and_in_words(ward: Desk) -> None:
    answer = await ward.call("GET", f"/segments/{HIGH_ID}", Role.MARKETER)
    found = answer.json()
    assert found["definition"]["criteria"]["has"]["value"] == {"above": 9, "unit": "%"}
    assert found["criteria"] == [{"depth": 0, "text": "has latest 4548-4 > 9 %"}]
    assert (found["versions"], found["timed"], found["members"]) == (["1.0.0"], True, None)
    assert answer.headers["etag"]


@pytest.mark.parametrize(("role", "count"), [(Role.MARKETER, None), (Role.SUPERVISOR, FEW)])
async def test_few_members_are_counted_for_who_may_see_them(
    ward: Desk, role: Role, count: int | None
) -> None:
    found = (await ward.call("GET", f"/segments/{HIGH_ID}", role, params={"count": True})).json()
    assert found["members"] == {"count": count, "more": False, "as_of": None}
    many = (await ward.call("GET", f"/segments/{RECENT_ID}", role, params={"count": True})).json()
    assert many["members"]["count"] == FEW + MANY


async def test_versions_are_listed_and_each_is_read(ward: Desk) -> None:
    body = {"url": HIGH, "version": "1.1.0", "title": "higher", "criteria": {"gender": "female"}}
    await publish(ward.services, (Document("segment", "high.yaml", body),))
    listed = (await ward.call("GET", f"/segments/{HIGH_ID}/versions")).json()["items"]
    assert [(each["version"], each["published_in"], each["latest"]) for each in listed] == [
        ("1.0.0", 1, False),
        ("1.1.0", 2, True),
    ]
    for version, title in (("", "higher"), ("1.0.0", "high")):
        found = await ward.call("GET", f"/segments/{HIGH_ID}", params={"version": version})
        assert found.json()["title"] == title
    none = await ward.call("GET", f"/segments/{HIGH_ID}", params={"version": "3"})
    assert (none.status_code, code_of(none)) == (404, "unknown-version")


async def test_members_are_listed_by_key_and_that_they_were_is_noted(ward: Desk) -> None:
    path = f"/segments/{HIGH_ID}/members"
    first = (await ward.call("GET", path, Role.CLINICAL_USER, params={"limit": 2}, by="nora")).json()
    rest = (await ward.call("GET", path, Role.CLINICAL_USER, params={"cursor": first["next"]})).json()
    found = [each["patient"] for each in (*first["items"], *rest["items"])]
    assert found == sorted(patient_key(f"p{n}") for n in range(FEW))
    assert (ward.noted[0].operation, ward.noted[0].by, ward.noted[0].about) == (
        "listSegmentMembers",
        "nora",
        (HIGH_ID,),
    )


async def test_why_somebody_is_in_it_is_told_to_clinical_users(ward: Desk) -> None:
    path = f"/segments/{HIGH_ID}/members/{patient_key('p0')}"
    found = (await ward.call("GET", path, Role.CLINICAL_USER)).json()
    assert (found["member"], found["settled"], found["clinical"]) == (True, True, True)
    assert found["reason"] == "4548-4 12 % > 9 % on 2026-03-01"
    assert found["criteria"][0]["facts"] == ["Observation/o0"]
    out = await ward.call("GET", f"/segments/{HIGH_ID}/members/{patient_key('p5')}", Role.CLINICAL_USER)
    assert (out.json()["member"], out.json()["since"]) == (False, None)


async def _of_men(ward: Desk) -> str:
    """Publish a segment that reads nothing clinical; its id."""
    body = {"url": "urn:men", "version": "1", "title": "Men", "criteria": {"gender": "male"}}
    await publish(ward.services, (Document("segment", "men.yaml", body),))
    return definition_id("segment", "urn:men")


async def test_others_learn_no_reason_unless_they_break_the_glass(ward: Desk) -> None:
    path = f"/segments/{await _of_men(ward)}/members/{patient_key('p0')}"
    found = (await ward.call("GET", path, Role.AGENT)).json()
    assert (found["clinical"], found["reason"], found["criteria"]) == (False, None, [])
    told = {"Break-Glass": "asks for it on the phone"}
    broken = (await ward.call("GET", path, Role.AGENT, headers=told)).json()
    assert broken["reason"]
    assert [(each.patient, each.glass, each.why) for each in ward.noted] == [
        (patient_key("p0"), False, ""),
        (patient_key("p0"), True, "asks for it on the phone"),
    ]


async def test_who_is_in_a_segment_by_clinical_facts_is_a_clinical_fact(ward: Desk) -> None:
    """Its name says what somebody has: whoever may not see that learns neither members nor whether one is."""
    one = f"/segments/{HIGH_ID}/members/{patient_key('p0')}"
    for path, role in ((one, Role.AGENT), (f"/segments/{HIGH_ID}/members", Role.NON_CLINICAL_USER)):
        refused = await ward.call("GET", path, role)
        assert (refused.status_code, code_of(refused)) == (403, "clinical")
    assert [each.outcome for each in ward.noted] == ["refused", "refused"]
    told = {"Break-Glass": "asks for it on the phone"}
    assert (await ward.call("GET", one, Role.AGENT, headers=told)).json()["member"] is True
    men = f"/segments/{await _of_men(ward)}/members"
    assert (await ward.call("GET", men, Role.NON_CLINICAL_USER)).status_code == 200


async def test_who_or_what_is_not_known_is_told_apart(ward: Desk) -> None:
    nobody = await ward.call("GET", f"/segments/{HIGH_ID}/members/{'0' * 32}", Role.CLINICAL_USER)
    assert (nobody.status_code, code_of(nobody)) == (404, "unknown-patient")
    nothing = await ward.call("GET", f"/segments/{'0' * 32}")
    assert (nothing.status_code, code_of(nothing)) == (404, "unknown-segment")


async def test_a_preview_counts_who_would_be_in_it_and_enters_nobody(ward: Desk) -> None:
    """A supervisor who writes segments, too, sees every count."""
    content = {"url": "urn:men", "version": "1", "title": "Men", "criteria": {"gender": "male"}}
    roles = (Role.MARKETER, Role.SUPERVISOR)
    ended = await _ended(ward, await ward.call("POST", "/segments/preview", roles, {"content": content}))
    men = (FEW + MANY + 1) // 2
    told = ended["result"]
    assert (told["members"], told["population"], told["everybody"]) == (men, FEW + MANY, True)
    assert (told["sex"], told["age"], told["channel"]) == ({"male": men}, {"40-64": men}, {"none": men})
    assert (told["segment"], told["unsure"]) == ("urn:men|1", 0)
    assert (await ward.call("GET", f"/segments/{definition_id('segment', 'urn:men')}")).status_code == 404


async def test_a_preview_tells_no_exact_count_to_who_may_not_see_people(ward: Desk) -> None:
    content = {"url": HIGH, "version": "2", "title": "High", "criteria": {"member_of": RECENT}}
    started = await ward.call("POST", "/segments/preview", Role.MARKETER, {"content": content})
    told = (await _ended(ward, started))["result"]
    assert (told["members"], told["sex"]) == (FEW + MANY, {})


async def test_a_definition_with_mistakes_is_refused_at_once(ward: Desk) -> None:
    body = {"content": {"url": "urn:x", "version": "1", "title": "X", "criteria": {"sex": "male"}}}
    answer = await ward.call("POST", "/segments/preview", Role.MARKETER, body)
    assert (answer.status_code, code_of(answer)) == (422, "invalid")
    assert answer.json()["problems"][0]["where"].startswith("segment: criteria")
    assert OPERATIONS not in ward.services.queue.queues  # type: ignore[attr-defined]


async def test_a_segment_goes_to_the_server_as_a_group(ward: Desk) -> None:
    ended = await _ended(ward, await ward.call("POST", f"/segments/{HIGH_ID}/group", Role.MARKETER))
    (group,) = ended["result"]["groups"]
    assert group["changed"] is True
    assert group["reference"].startswith("Group/")
    key = ResourceKey("Group", group["reference"].removeprefix("Group/"))
    written = (await ward.services.fhir.read(key)).resource
    assert written is not None
    assert written["quantity"] == FEW
