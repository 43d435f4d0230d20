"""Publications by the admin API: all of it or nothing, once, and followed over everybody."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from shared.access.roles import Role
from shared.queues import POPULATIONS
from shared.usecases.jobs import Populate, decode_job
from shared.usecases.populate import populate
from shared.usecases.publish import load_shelf
from shared.usecases.react import Trigger
from shared.usecases.take_in import take_in_everyone
from tests.admin.admin_kit import Desk, code_of
from tests.unit.memory_kit import person, server

BASE = "https://hearthline.example"
WOMEN = {"url": f"{BASE}/segments/women", "version": "1", "title": "Women", "criteria": {"gender": "female"}}
SET = f"{BASE}/valuesets/ailing"
ILL = {
    "url": f"{BASE}/segments/ill",
    "version": "1",
    "title": "Ill",
    "criteria": {"has": {"type": "Condition", "valueset": SET}},
}
OFFER = {
    "url": f"{BASE}/templates/offer",
    "version": "1",
    "title": "Offer",
    "purpose": "marketing",
    "channels": {"sms": {"text": {"en": "An offer. Reply STOP to stop."}}},
}


def _offered(*contents: Mapping[str, object], kind: str = "segment", **more: object) -> dict[str, object]:
    return {"documents": [{"kind": kind, "content": each} for each in contents], **more}


async def _looked_at(desk: Desk) -> None:
    """Do what stands on the queue of shards."""
    letters = desk.services.queue.queues[POPULATIONS]  # type: ignore[attr-defined]
    while letters:
        job = decode_job(letters.popleft().body)
        assert isinstance(job, Populate)
        await populate(desk.services, job, Trigger("a shard"))


@pytest.mark.parametrize(("role", "counts"), [(Role.MARKETER, None), (Role.AGENT, 2)])
async def test_a_publication_is_followed_over_everybody(desk: Desk, role: Role, counts: int | None) -> None:
    for name, gender in (("a", "female"), ("b", "male"), ("c", "female")):
        await server(desk.services).update(person(name, gender=gender))
    await take_in_everyone(desk.services)
    answer = await desk.call("POST", "/publications", body=_offered(WOMEN))
    assert answer.status_code == 201, answer.text
    version = answer.json()["publication"]
    assert answer.headers["location"].endswith(version)
    before = (await desk.call("GET", f"/publications/{version}", role)).json()
    assert (before["status"], before["finished"]) == ("running", None)
    await _looked_at(desk)
    after = (await desk.call("GET", "/publications/latest", role)).json()
    assert (after["publication"], after["status"], after["looked_at"]) == (version, "finished", 3)
    assert [(each["url"], each["members"], each["entered"]) for each in after["segments"]] == [
        (WOMEN["url"], counts, counts)
    ]


async def test_what_was_published_before_changes_nothing(desk: Desk) -> None:
    first = await desk.call("POST", "/publications", body=_offered(WOMEN))
    again = await desk.call("POST", "/publications", body=_offered(WOMEN))
    assert (again.status_code, again.json()["added"]) == (200, [])
    assert again.json()["publication"] == first.json()["publication"]
    changed = _offered({**WOMEN, "title": "All women"})
    refused = await desk.call("POST", "/publications", body=changed)
    assert (refused.status_code, code_of(refused)) == (422, "invalid")
    assert refused.json()["problems"][0]["expected"] == "a new version"


async def test_one_mistake_keeps_all_of_it_from_being_published(desk: Desk) -> None:
    """The check says the very same, and names the file."""
    body = _offered(WOMEN, {**ILL, "criteria": {"sex": "male"}})
    body["documents"][1]["where"] = "segments/ill.yaml"  # type: ignore[index]
    checked = (await desk.call("POST", "/definitions/check", Role.MARKETER, body)).json()
    refused = await desk.call("POST", "/publications", body=body)
    assert (refused.status_code, code_of(refused)) == (422, "invalid")
    assert refused.json()["problems"] == checked["problems"]
    assert checked["problems"][0]["where"] == "segments/ill.yaml: criteria"
    assert (await load_shelf(desk.services.documents))[0].documents == {}


async def test_a_check_tells_what_lint_finds_and_what_would_be_read(desk: Desk) -> None:
    """Nothing is written by it, neither a definition nor the value set that it found."""
    contains = [{"system": "urn:x", "code": "a"}]
    found = {"resourceType": "ValueSet", "id": "v", "url": SET, "version": "1", "status": "active"}
    await server(desk.services).update({**found, "expansion": {"contains": contains}})
    sound = (await desk.call("POST", "/definitions/check", Role.APPROVER, _offered(ILL))).json()
    assert sound["sound"] is True
    assert [(each["kind"], each["url"]) for each in sound["read"]] == [("valueset", SET)]
    text = {"en": "Your diabetes: {{ patient.given }}"}
    template = {**OFFER, "purpose": "care", "channels": {"sms": {"text": text}}}
    linted = await desk.call(
        "POST", "/definitions/check", Role.EVENT_PLANNER, _offered(template, kind="template")
    )
    assert "error" in {each["level"] for each in linted.json()["findings"]}
    assert linted.json()["sound"] is False
    assert (await load_shelf(desk.services.documents))[0].documents == {}


async def test_value_sets_that_are_missing_are_read_or_told(desk: Desk) -> None:
    refused = await desk.call("POST", "/publications", body=_offered(ILL))
    assert "the FHIR server does not know it" in refused.json()["problems"][0]["what"]
    contains = [{"system": "urn:x", "code": "a"}]
    found = {"resourceType": "ValueSet", "id": "v", "url": SET, "version": "7", "status": "active"}
    await server(desk.services).update({**found, "expansion": {"contains": contains}})
    done = (await desk.call("POST", "/publications", body=_offered(ILL))).json()
    assert [(each["kind"], each["version"]) for each in done["read"]] == [("valueset", "7")]
    assert len(done["added"]) == 2


async def test_marketing_that_nobody_approved_is_not_published(desk: Desk) -> None:
    answer = await desk.call("POST", "/publications", body=_offered(OFFER, kind="template"))
    assert (answer.status_code, code_of(answer)) == (422, "invalid")
    assert "is not approved" in answer.json()["problems"][0]["what"]


async def test_a_publication_for_which_nobody_need_be_looked_at_says_so(desk: Desk) -> None:
    template = {**OFFER, "purpose": "care"}
    done = (await desk.call("POST", "/publications", body=_offered(template, kind="template"))).json()
    assert done["population"] == ""
    told = (await desk.call("GET", f"/publications/{done['publication']}", Role.MARKETER)).json()
    assert told["status"] == "none"
    for wanted in ("latest", "99-0123456789abcdef"):
        nothing = await desk.call("GET", f"/publications/{wanted}", Role.MARKETER)
        assert (nothing.status_code, code_of(nothing)) == (404, "unknown-publication")


async def test_a_document_that_is_here_twice_is_a_problem_of_the_check(desk: Desk) -> None:
    body = _offered(WOMEN, {**WOMEN, "title": "Others"})
    checked = (await desk.call("POST", "/definitions/check", Role.MARKETER, body)).json()
    assert [each["where"] for each in checked["problems"]] == ["documents[1]"]
