"""Messages by the admin API: those that need somebody, the story of one, what somebody found out."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from functions.admin.shapes import definition_id
from shared.access.roles import Role
from shared.effects import IndexMessage, Need
from shared.fhir.instants import HOUR, Instant
from shared.message.outbound import Refused, Unknown
from shared.patient.record import Decision, TimelineLine, identify, patient_key
from shared.queues import OPERATIONS
from shared.usecases.jobs import Operate, decode_job
from shared.usecases.operations.kinds import does
from shared.usecases.operations.running import carry_on
from tests.admin.admin_kit import Desk, code_of
from tests.unit.memory_kit import Time
from tests.unit.privacy_kit import ANN, JOURNEY, NUMBERS, lived
from tests.unit.test_messages_needing import written_to

CARE = (Role.CLINICAL_USER, Role.NON_CLINICAL_USER, Role.AGENT, Role.SUPERVISOR)
OTHERS = tuple(set(Role) - set(CARE))
SECRET_WORDS = ("Ann", "Lee", "+1206", "Hello", "HbA1c")


async def lost() -> tuple[Desk, str]:
    """Give an API over services in which the outcome of a message to Ann is not known; the message's id."""
    clock = Time()
    services, which = await written_to(clock, Unknown(f"no answer about {NUMBERS['ann']}"))
    return Desk(services, clock), which


async def listed(desk: Desk, **params: Any) -> list[dict[str, Any]]:
    answer = await desk.call("GET", "/messages", Role.AGENT, params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_what_needs_somebody_is_listed_with_ids_alone() -> None:
    desk, which = await lost()
    (found,) = await listed(desk)
    assert (found["patient"], found["message"], found["state"]) == (ANN, which, "unknown")
    assert found["journey"] == {"id": definition_id("journey", JOURNEY), "url": JOURNEY, "version": "1"}
    assert not [word for word in SECRET_WORDS if word in str(found)]
    assert [(each.operation, each.patient, each.about) for each in desk.noted] == [
        ("listMessages", ANN, ("unknown",))
    ]


@pytest.mark.parametrize("role", OTHERS)
async def test_who_does_not_work_with_people_sees_none(role: Role) -> None:
    desk, which = await lost()
    for path in ("/messages", f"/patients/{ANN}/messages/{which}/story"):
        assert (await desk.call("GET", path, role)).status_code == 403
    said = {"sent": True, "reason": "the provider said so"}
    resolve = f"/patients/{ANN}/messages/{which}/resolve"
    assert (await desk.call("POST", resolve, role, said)).status_code == 403
    assert len(await listed(desk)) == 1


async def test_filters_narrow_the_list() -> None:
    desk, _ = await lost()
    journey = definition_id("journey", JOURNEY)
    assert len(await listed(desk, channel="sms", journey=journey, since="2026-03-02T09:00:00Z")) == 1
    assert await listed(desk, channel="email") == []
    assert await listed(desk, until="2026-03-02T09:00:00Z") == []
    assert await listed(desk, state="failed") == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"state": "completed"}, "invalid"),
        ({"channel": "' or 1 eq 1"}, "invalid"),
        ({"journey": "0" * 32}, "no-journey"),
        ({"journey": "x"}, "invalid"),
        ({"since": "yesterday"}, "bad-instant"),
        ({"cursor": "nonsense"}, "bad-cursor"),
    ],
)
async def test_what_makes_no_sense_is_refused(desk: Desk, params: dict[str, str], code: str) -> None:
    answer = await desk.call("GET", "/messages", Role.AGENT, params=params)
    assert answer.status_code in (400, 422), answer.text
    assert code_of(answer) == code


async def test_pages_skip_nothing_while_messages_come_and_go(desk: Desk) -> None:
    async def note(number: int, state: str = "unknown", order: int = 1) -> None:
        need = Need(state, Instant(HOUR * number), Instant(HOUR * number), order, "sms", "", "t|1")
        await desk.services.indexes.apply(patient_key("p"), IndexMessage(identify("m", number), need))

    for number in range(10):
        await note(number)
    seen: list[str] = []
    cursor = ""
    while True:
        answer = await desk.call("GET", "/messages", Role.AGENT, params={"limit": 3, "cursor": cursor})
        page = answer.json()
        assert len(page["items"]) <= 3
        seen += [each["message"] for each in page["items"]]
        await note(100 + len(seen))  # one more at the head of the list
        await note(9, "", 2)  # and one that was seen already is settled
        cursor = page["next"]
        if not cursor:
            break
    assert seen == [identify("m", number) for number in reversed(range(10))]


async def test_the_story_has_the_words_and_what_happened() -> None:
    desk, which = await lost()
    answer = await desk.call("GET", f"/patients/{ANN}/messages/{which}/story", Role.CLINICAL_USER)
    told = answer.json()
    assert (told["patient"], told["reference"]) == (ANN, "Patient/ann")
    assert (told["message"]["text"], told["message"]["to"]) == ("Hello Ann", NUMBERS["ann"])
    assert told["message"]["calls"][0]["outcome"] == "unknown"
    kinds = {each["kind"] for each in told["happenings"]}
    assert {"journey", "message", "call", "answer"} <= kinds
    assert [(entry.operation, entry.patient) for entry in desk.noted] == [("getMessageStory", ANN)]


async def test_reasons_that_are_clinical_are_for_those_who_may_see_them() -> None:
    """A line that quotes a result is told to clinical users, and to others who say why they must see it."""
    desk, which = await lost()
    await _quote(desk, which)
    path = f"/patients/{ANN}/messages/{which}/story"
    seen = (await desk.call("GET", path, Role.CLINICAL_USER)).text
    assert "HbA1c 9.1" in seen
    assert "Observation/r1" in seen
    for role in (Role.NON_CLINICAL_USER, Role.AGENT, Role.SUPERVISOR):
        hidden = (await desk.call("GET", path, role)).json()
        assert "HbA1c" not in str(hidden)
        assert "Observation/" not in str(hidden)
        withheld = {each["text"] for each in hidden["happenings"] if each["withheld"]}
        assert {"", "Waits"} <= withheld
        assert "segment high" not in str(hidden)
        assert hidden["message"]["text"] == ("" if role is Role.NON_CLINICAL_USER else "Hello Ann")
        glass = {"Break-Glass": "she is on the phone and asks why"}
        assert "HbA1c 9.1" in (await desk.call("GET", path, role, headers=glass)).text
        assert desk.noted[-1].glass


async def _quote(desk: Desk, which: str) -> None:
    patients = desk.services.patients
    stored = await patients.load(ANN)
    message = await patients.message(ANN, which)
    assert message is not None
    journey, at = message.journey, Instant(message.due - 1)
    lines = (
        TimelineLine(at, "fact", "HbA1c 9.1 % arrived", (journey, "Observation/r1")),
        TimelineLine(at, "segment", "Entered segment high: HbA1c 9.1 % > 9 %", (journey,)),
        TimelineLine(at, "journey", "Waits: HbA1c 9.1 %", (journey, "Observation/r1")),
        TimelineLine(at, "message", "Not sent by SMS: no longer so (HbA1c 9.1 %)", (which,)),
    )
    message = replace(message, focus="Observation/r1", looked_at=("Observation/r1|1",))
    message = replace(message, status_reason="no longer so (HbA1c 9.1 %)")
    await patients.commit(stored, Decision(stored.record, timeline=lines, messages=(message,)))


async def test_somebody_finds_out_what_became_of_it() -> None:
    desk, which = await lost()
    path = f"/patients/{ANN}/messages/{which}/resolve"
    said = {"sent": False, "reason": "the provider has no such message"}
    first = await desk.call("POST", path, Role.AGENT, said, by="ann", key="the-very-same-key")
    assert (first.status_code, first.json()) == (200, {"message": which, "status": "not-done"})
    again = await desk.call("POST", path, Role.AGENT, said, by="ann", key="the-very-same-key")
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    assert (await desk.call("POST", path, Role.AGENT, said, by="bob")).json() == first.json()
    other = await desk.call("POST", path, Role.AGENT, {**said, "sent": True})
    assert (other.status_code, code_of(other)) == (422, "settled-otherwise")
    assert await listed(desk) == []
    begun, done = desk.noted[:2]
    assert (begun.outcome, done.outcome, begun.patient, begun.why) == ("begun", "done", ANN, said["reason"])
    assert begun.before
    assert done.after not in ("", begun.before)
    lines = [line.text for line in await desk.services.patients.timeline(ANN)]
    assert any("ann found out" in line for line in lines)


@pytest.mark.parametrize("patient", [ANN, patient_key("nobody")])
async def test_what_is_not_there_is_said(patient: str) -> None:
    desk, _ = await lost()
    path = f"/patients/{patient}/messages/{identify('no such message')}"
    story = await desk.call("GET", f"{path}/story", Role.AGENT)
    said = {"sent": True, "reason": "the provider said so"}
    settled = await desk.call("POST", f"{path}/resolve", Role.AGENT, said)
    for answer in (story, settled):
        assert (answer.status_code, code_of(answer)) == (404, "unknown-message")


async def test_a_message_that_went_well_cannot_be_settled() -> None:
    clock = Time()
    desk = Desk(await lived(clock), clock)
    (message, *_) = await desk.services.patients.messages(ANN)
    path = f"/patients/{ANN}/messages/{message.message_id}/resolve"
    answer = await desk.call("POST", path, Role.AGENT, {"sent": True, "reason": "it went out"})
    assert (answer.status_code, code_of(answer)) == (404, "unknown-message")


async def test_whose_message_it_is_is_found_out() -> None:
    clock = Time()
    services, which = await written_to(clock, Refused("content", "no"))
    desk = Desk(services, clock)
    for message, status in ((which, "succeeded"), ("no-such-message", "failed")):
        answer = await desk.call("POST", "/messages/find", Role.AGENT, {"message": message})
        assert answer.status_code == 202, answer.text
        letter = desk.services.queue.take(OPERATIONS)  # type: ignore[attr-defined]
        job = decode_job(letter.body)
        assert isinstance(job, Operate)
        await carry_on(desk.services, job, does)
        ended = (await desk.call("GET", f"/operations/{answer.json()['operation']}", Role.AGENT)).json()
        assert ended["status"] == status
        if status == "succeeded":
            assert ended["result"] == {"patient": ANN, "message": which}
