"""What is clinical stays so: who sees no clinical facts reads none off the names of segments either."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.admin.shapes import definition_id
from shared.access.roles import Role
from shared.catalogue import Document
from shared.patient.record import Decision, TimelineLine
from shared.patient.state import Membership
from shared.usecases.publish import publish
from tests.admin.admin_kit import Desk, code_of
from tests.admin.patient_kit import ANN, JOURNEY, settled

BASE = "https://hearthline.example/segments"
CLINICAL = {
    "sweet": {"has": {"type": "Observation", "code": "loinc|4548-4"}},
    "sour": {"not": {"has": {"type": "Condition", "code": "snomed|44054006"}}},
    "salty": {"any": [{"gender": "female"}, {"member_of": f"{BASE}/sweet"}]},
}
PLAIN = {
    "women": {"gender": "female"},
    "expected": {"has": {"type": "Appointment", "status": "booked"}},
    "either": {"any": [{"gender": "male"}, {"member_of": f"{BASE}/women"}]},
}
GONE = "bitter"
"""It is published no more."""
SECRET = (*CLINICAL, GONE)
STRANGERS = (Role.AGENT, Role.NON_CLINICAL_USER, Role.SUPERVISOR)

TOLD = st.sampled_from(("Entered segment {}: {} 9.1 %", "Left segment {}: no {} any more", "Left segment {}"))
MOVED = st.sampled_from(("Entered Care: in segment {}", "At hello: still in {}", "Revoked: left {}"))
UNSENT = st.sampled_from(("Not sent by SMS: left segment {}", "Not sent by SMS: no longer in {}"))


async def _world() -> tuple[Desk, str]:
    desk = await settled()
    bodies = [
        {"url": f"{BASE}/{name}", "version": "1", "title": f"The {name}", "criteria": criteria}
        for name, criteria in {**CLINICAL, **PLAIN}.items()
    ]
    await publish(desk.services, tuple(Document("segment", f"{b['title']}.yaml", b) for b in bodies))
    sent = next(each for each in await desk.services.patients.messages(ANN) if each.journey)
    return desk, sent.message_id


async def _lives(
    desk: Desk, message: str, inside: set[str], lines: list[tuple[str, str]], reason: str
) -> None:
    """Put somebody into segments, and say on the timeline and in reasons what became of that."""
    stored = await desk.services.patients.load(ANN)
    now = desk.clock.now()
    held = {
        f"{BASE}/{name}": Membership(f"{BASE}/{name}|1", True, now, None, f"of {name}") for name in inside
    }
    ours = {k: replace(e, reason=reason) for k, e in stored.record.enrolments.items()}
    told = []
    for name, text in lines:
        if text.startswith(("Entered segment", "Left segment")):
            told.append(TimelineLine(now, "segment", text.format(name, name), (f"{BASE}/{name}|1",)))
            about = (f"{BASE}/{name}|1", f"{JOURNEY}|1")  # so that it is in the message's story as well
            told.append(TimelineLine(now, "segment", text.format(name, name), about))
        elif text.startswith("Not sent"):
            told.append(TimelineLine(now, "message", text.format(name), (message, f"{JOURNEY}|1")))
        else:
            told.append(TimelineLine(now, "journey", text.format(name), (f"{JOURNEY}|1",)))
    row = await desk.services.patients.message(ANN, message)
    assert row is not None
    row = replace(row, status_reason=f"left segment {GONE}")
    record = replace(stored.record, memberships=held, enrolments=ours)
    await desk.services.patients.commit(stored, Decision(record, timeline=tuple(told), messages=(row,)))


LIVES = st.tuples(
    st.sets(st.sampled_from((*SECRET, *PLAIN))),
    st.lists(st.tuples(st.sampled_from(SECRET), st.one_of(TOLD, MOVED, UNSENT)), max_size=6),
    st.sampled_from(SECRET),
)


def test_no_answer_names_a_clinical_segment() -> None:
    with asyncio.Runner() as runner:
        desk, message = runner.run(_world())

        @settings(max_examples=25, deadline=None)
        @given(LIVES)
        def holds(life: tuple[set[str], list[tuple[str, str]], str]) -> None:
            inside, lines, why = life
            runner.run(_lives(desk, message, inside, lines, f"in segment {why}"))
            runner.run(_names_none(desk, message))
            runner.run(_sees_the_others(desk, inside))

        holds()


async def _names_none(desk: Desk, message: str) -> None:
    story = f"/patients/{ANN}/messages/{message}/story"
    secrets = [*SECRET, *(definition_id("segment", f"{BASE}/{name}") for name in SECRET)]
    for role in STRANGERS:
        for path in (f"/patients/{ANN}", f"/patients/{ANN}/timeline", f"/patients/{ANN}/messages", story):
            answer = await desk.call("GET", path, role)
            assert answer.status_code == 200, answer.text
            assert not [secret for secret in secrets if secret in answer.text], (role, path)


async def _sees_the_others(desk: Desk, inside: set[str]) -> None:
    seen = (await desk.call("GET", f"/patients/{ANN}", Role.AGENT)).json()
    assert {each["title"] for each in seen["segments"]} == {f"The {name}" for name in inside & {*PLAIN}}
    assert seen["segments_withheld"] == len(inside & {*SECRET})
    whole = (await desk.call("GET", f"/patients/{ANN}", Role.CLINICAL_USER)).json()
    assert {each["url"] for each in whole["segments"]} == {f"{BASE}/{name}" for name in inside}
    assert whole["segments_withheld"] == 0


async def test_a_line_of_a_segment_that_reads_nothing_clinical_is_shown() -> None:
    desk, message = await _world()
    await _lives(desk, message, {"women"}, [("women", "Entered segment {}: of {}")], "")
    lines = (await desk.call("GET", f"/patients/{ANN}/timeline", Role.AGENT)).json()["items"]
    assert {"Entered segment women"} <= {each["text"] for each in lines}
    assert [f"{BASE}/women|1"] in [each["about"] for each in lines]


async def test_refusals_of_what_is_clinical_do_not_fill_the_trail() -> None:
    desk, _ = await _world()
    journey, segment = definition_id("journey", JOURNEY), definition_id("segment", f"{BASE}/sweet")
    paths = (
        f"/patients/{ANN}/facts",
        f"/patients/{ANN}/story",
        f"/segments/{segment}/members/{ANN}",
        f"/segments/{segment}/members",
        f"/journeys/{journey}/enrolments/{ANN}",
    )
    for path in paths * 3:
        refused = await desk.call("GET", path, Role.SUPERVISOR, by="sue")
        assert (refused.status_code, code_of(refused)) == (403, "clinical")
    assert [(each.outcome, each.by) for each in desk.noted] == [("refused", "sue")] * len(paths)
    assert [each.patient for each in desk.noted] == [ANN, ANN, ANN, "", ANN]


async def test_who_was_in_a_list_finds_who_saw_it() -> None:
    desk, _ = await _world()
    journey = definition_id("journey", JOURNEY)
    listed = await desk.call("GET", f"/journeys/{journey}/enrolments", Role.SUPERVISOR, by="sue")
    assert {each["patient"] for each in listed.json()["items"]} == {each.patient for each in desk.noted}
    seen = await desk.call("GET", "/audit", Role.AUDITOR, params={"patient": ANN})
    found = [(each["operation"], each["by"]) for each in seen.json()["items"]]
    assert ("listJourneyEnrolments", "sue") in found
