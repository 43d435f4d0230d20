"""Value sets and static lists by the admin API: listed, read, and taken from the FHIR server."""

from __future__ import annotations

from functions.admin.shapes import definition_id
from shared.access.roles import Role
from tests.admin.admin_kit import Desk, code_of
from tests.unit.memory_kit import person, server

SET = "https://hearthline.example/valuesets/ailing"
SET_ID = definition_id("valueset", SET)
LIST = "https://hearthline.example/lists/trial"


async def _keep(desk: Desk, version: str, *codes: str) -> None:
    """Put a value set on the server."""
    contains = [{"system": "urn:x", "code": code} for code in codes]
    body = {"resourceType": "ValueSet", "id": f"v{version}", "url": SET, "version": version}
    await server(desk.services).update({**body, "status": "active", "expansion": {"contains": contains}})


async def _group(desk: Desk, *people: str) -> None:
    members = [{"entity": {"reference": f"Patient/{each}"}} for each in people]
    body = {"resourceType": "Group", "id": "trial", "type": "person", "actual": True}
    await server(desk.services).update({**body, "member": members})


async def _taken(desk: Desk, version: str, *codes: str) -> None:
    await _keep(desk, version, *codes)
    body = {"reference": f"{SET}|{version}"}
    answer = await desk.call("POST", "/value-sets", Role.APPROVER, body)
    assert answer.status_code == 201, answer.text


async def test_a_value_set_is_taken_once_and_again_when_it_has_changed(desk: Desk) -> None:
    await _keep(desk, "1", "a", "b")
    first = await desk.call("POST", "/value-sets", Role.APPROVER, {"reference": SET})
    assert first.status_code == 201, first.text
    assert (first.json()["codes"], first.json()["version"]) == (2, "1")
    assert [(each["kind"], each["url"]) for each in first.json()["added"]] == [("valueset", SET)]
    same = await desk.call("POST", "/value-sets", Role.APPROVER, {"reference": SET})
    assert (same.status_code, same.json()["added"]) == (200, [])
    await _keep(desk, "2", "a")
    newer = await desk.call("POST", "/value-sets", Role.APPROVER, {"reference": SET})
    assert (newer.status_code, newer.json()["latest"]) == (201, "2")


async def test_what_the_server_does_not_have_is_told(desk: Desk) -> None:
    answer = await desk.call("POST", "/value-sets", Role.APPROVER, {"reference": "urn:none"})
    assert (answer.status_code, code_of(answer)) == (422, "no-valueset")
    body = {"reference": "Group/none", "url": LIST}
    group = await desk.call("POST", "/lists", Role.APPROVER, body)
    assert (group.status_code, code_of(group)) == (422, "no-group")
    wrong = await desk.call("POST", "/lists", Role.APPROVER, {"reference": "Patient/1", "url": LIST})
    assert (wrong.status_code, code_of(wrong)) == (422, "invalid")


async def test_value_sets_are_listed_and_their_codes_read_page_by_page(desk: Desk) -> None:
    await _taken(desk, "1", "c", "a")
    await _taken(desk, "2", "c", "b", "a")
    (listed,) = (await desk.call("GET", "/value-sets", Role.AGENT)).json()["items"]
    assert (listed["value_set"], listed["version"], listed["versions"]) == (SET_ID, "2", ["1", "2"])
    assert (listed["codes"], listed["from_server"]) == (3, True)
    nothing = await desk.call("GET", "/value-sets", Role.AGENT, params={"text": "none such"})
    assert nothing.json()["items"] == []
    path = f"/value-sets/{SET_ID}"
    first = (await desk.call("GET", path, Role.AGENT, params={"limit": 2})).json()
    assert [each["code"] for each in first["items"]] == ["a", "b"]
    rest = await desk.call("GET", path, Role.AGENT, params={"cursor": first["next"]})
    assert ([each["code"] for each in rest.json()["items"]], rest.json()["next"]) == (["c"], "")
    older = (await desk.call("GET", path, Role.AGENT, params={"version": "1"})).json()
    assert [each["code"] for each in older["items"]] == ["a", "c"]
    for wanted, params, code in (
        (path, {"version": "9"}, "unknown-version"),
        (f"/value-sets/{'0' * 32}", {}, "unknown-value-set"),
    ):
        answer = await desk.call("GET", wanted, Role.AGENT, params=params)
        assert (answer.status_code, code_of(answer)) == (404, code)


async def test_a_group_becomes_a_list_and_its_people_are_counted_and_not_named(desk: Desk) -> None:
    for name in ("p1", "p2"):
        await server(desk.services).update(person(name))
    await _group(desk, "p1", "p2")
    body = {"reference": "Group/trial", "url": LIST, "title": "Trial"}
    first = await desk.call("POST", "/lists", Role.APPROVER, body, by="ann")
    assert (first.status_code, first.json()["people"]) == (201, 2)
    assert "p1" not in first.text
    same = await desk.call("POST", "/lists", Role.APPROVER, body, by="ann")
    assert (same.status_code, same.json()["added"]) == (200, [])
    assert {(each.operation, each.by, each.about) for each in desk.noted} == {
        ("takeList", "ann", ("Group/trial", LIST))
    }
