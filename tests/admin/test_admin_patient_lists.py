"""A patient's timeline, messages and facts by the admin API: page by page, and by role."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.access.roles import Role
from shared.events import PersonErased
from shared.patient.record import TimelineLine
from shared.usecases.patients.shown import Sight, shown_line, shown_refs
from shared.usecases.react import Trigger, react
from tests.admin.admin_kit import Desk, code_of
from tests.admin.patient_kit import ANN, BOB, JOURNEY, NOBODY, settled

CLINICAL, OTHER = Role.CLINICAL_USER, Role.NON_CLINICAL_USER
GLASS = {"Break-Glass": "the patient is on the phone"}
LISTS = ("timeline", "messages", "facts")


@pytest.fixture
async def desk() -> Desk:
    return await settled()


async def listed(desk: Desk, what: str, role: Role = CLINICAL, **params: Any) -> list[dict[str, Any]]:
    """Walk all pages."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        path = f"/patients/{ANN}/{what}"
        answer = await desk.call("GET", path, role, params={**params, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= params.get("limit", 50)
        found += page["items"]
        cursor = page["next"]
        if not cursor:
            return found


@pytest.mark.parametrize("what", LISTS)
@pytest.mark.parametrize("limit", [1, 2])
async def test_page_by_page_it_is_the_same(desk: Desk, what: str, limit: int) -> None:
    whole = await listed(desk, what)
    assert len(whole) > 1
    assert await listed(desk, what, limit=limit) == whole
    assert {entry.patient for entry in desk.noted} == {ANN}


@pytest.mark.parametrize("what", LISTS)
async def test_a_cursor_is_of_one_list_alone(desk: Desk, what: str) -> None:
    first = await desk.call("GET", f"/patients/{ANN}/{what}", CLINICAL, params={"limit": 1})
    cursor = first.json()["next"]
    assert cursor
    for path, asked in ((f"/patients/{BOB}/{what}", cursor), (f"/patients/{ANN}/{what}", "rubbish")):
        answer = await desk.call("GET", path, CLINICAL, params={"cursor": asked})
        assert (answer.status_code, code_of(answer)) == (400, "bad-cursor")


@pytest.mark.parametrize("what", LISTS)
async def test_of_nobody_there_is_nothing(desk: Desk, what: str) -> None:
    answer = await desk.call("GET", f"/patients/{NOBODY}/{what}", CLINICAL)
    assert (answer.status_code, code_of(answer)) == (404, "unknown-patient")
    await react(desk.services, ANN, [PersonErased("u")], Trigger("t"))
    answer = await desk.call("GET", f"/patients/{ANN}/{what}", CLINICAL)
    assert (answer.status_code, code_of(answer)) == (422, "erased")


async def test_the_timeline_is_latest_first(desk: Desk) -> None:
    told = [each["text"] for each in await listed(desk, "timeline")]
    assert told == [line.text for line in reversed(await desk.services.patients.timeline(ANN))]
    kinds = {each["kind"] for each in await listed(desk, "timeline", kind="segment", limit=2)}
    assert kinds == {"segment"}


async def test_messages_come_with_their_words_and_can_be_filtered(desk: Desk) -> None:
    whole = await listed(desk, "messages", Role.AGENT)
    assert [each["created"] for each in whole] == sorted((each["created"] for each in whole), reverse=True)
    assert "Hello Ann" in {each["text"] for each in whole}
    ours = await listed(desk, "messages", Role.AGENT, journey=JOURNEY)
    assert [each["text"] for each in ours] == ["Hello Ann"]
    assert await listed(desk, "messages", Role.AGENT, status="unknown") == []
    assert await listed(desk, "messages", Role.AGENT, channel="sms") == whole
    assert await listed(desk, "messages", Role.AGENT, channel="letter") == []


async def test_facts_are_listed_by_type(desk: Desk) -> None:
    whole = await listed(desk, "facts")
    assert {each["reference"].partition("/")[0] for each in whole} == {
        "Appointment",
        "Location",
        "Observation",
    }
    (result,) = await listed(desk, "facts", type="Observation")
    assert (result["reference"], result["value"]["number"], result["codes"]) == (
        "Observation/r-ann",
        9.8,
        ["http://loinc.org|4548-4"],
    )
    assert await listed(desk, "facts", type="Engagement") == []


async def test_facts_are_for_clinicians_and_for_who_breaks_the_glass(desk: Desk) -> None:
    path = f"/patients/{ANN}/facts"
    answer = await desk.call("GET", path, Role.AGENT)
    assert (answer.status_code, code_of(answer)) == (403, "clinical")
    assert [(entry.outcome, entry.glass) for entry in desk.noted] == [("refused", False)]
    answer = await desk.call("GET", path, Role.AGENT, headers=GLASS)
    assert answer.status_code == 200
    assert desk.noted[-1].glass
    assert desk.noted[-1].why == GLASS["Break-Glass"]


async def test_the_whole_story_is_told_in_order(desk: Desk) -> None:
    path = f"/patients/{ANN}/story"
    answer = await desk.call("GET", path, Role.AGENT)
    assert (answer.status_code, code_of(answer)) == (403, "clinical")
    story = (await desk.call("GET", path, CLINICAL)).json()
    assert story["reference"] == "Patient/ann"
    assert "Hello Ann" in {each["text"] for each in story["messages"]}
    instants = [each["at"] for each in story["happenings"]]
    assert instants == sorted(instants)
    assert "9.8" in str(story["happenings"])
    assert (await desk.call("GET", f"/patients/{NOBODY}/story", CLINICAL)).status_code == 404


async def test_without_clinical_facts_the_timeline_says_that_something_is_left_out(desk: Desk) -> None:
    shown = await listed(desk, "timeline", OTHER)
    assert any(each["withheld"] for each in shown)
    assert "9.8" not in str(shown)
    assert "Observation/" not in str(shown)
    assert "Thank you" not in str(shown)
    assert "Thank you" in str(await listed(desk, "timeline", Role.AGENT))


async def test_words_are_for_those_who_talk_with_patients(desk: Desk) -> None:
    shown = await listed(desk, "messages", OTHER)
    assert [(each["text"], each["withheld"]) for each in shown] == [("", True)] * len(shown)
    assert all(each["to"] for each in shown)


REASON = st.text("abc9.%>≤( )", min_size=1).map(lambda text: f"HbA1c {text}")


@given(REASON, st.sampled_from(["Care", "At a step", "Not sent by SMS"]))
def test_a_reason_is_never_seen_without_clinical_facts(reason: str, before: str) -> None:
    for kind in ("fact", "segment", "journey", "message"):
        if (kind == "message") != before.startswith("Not sent"):
            continue
        line = TimelineLine(0, kind, f"{before}: {reason}", ("Observation/1", "https://x.example/j|1"))  # type: ignore[arg-type]
        text, withheld = shown_line(line, Sight())
        assert "HbA1c" not in text
        assert withheld
        named = () if kind == "segment" else ("https://x.example/j|1",)
        assert shown_refs(line, Sight()) == named
        assert shown_line(line, Sight(clinical=True)) == (line.text, False)
