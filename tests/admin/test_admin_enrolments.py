"""One patient's enrolments by the admin API: seen by role, steered by staff, each thing done once."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared.access.roles import Role
from shared.patient.record import patient_key
from tests.admin.admin_kit import Desk, code_of
from tests.unit.campaign_kit import JOURNEY, SEGMENTS, Clinic, journey

_STEPS = [
    {"id": "wait", "kind": "wait", "duration": "P3D"},
    {"id": "again", "kind": "wait", "duration": "P5D"},
    {"id": "out", "kind": "exit"},
]
PATIENT = patient_key("ann")
_WHY = {"reason": "in hospital"}


@pytest.fixture
async def desk() -> Desk:
    clinic = Clinic()
    await clinic.publishes(*SEGMENTS, journey(steps=_STEPS))
    await clinic.registers("ann")
    return Desk(clinic.services, clinic.clock)


async def _enrol(desk: Desk, role: Role = Role.AGENT, key: str = "", **more: str) -> httpx.Response:
    (found,) = (await desk.call("GET", "/journeys", Role.AGENT)).json()["items"]
    body = {"journey": found["journey"], "reason": "asked for it", **more}
    return await desk.call("POST", f"/patients/{PATIENT}/enrolments", role, body, by="ann", key=key)


@pytest.fixture
async def inside(desk: Desk) -> str:
    """Bring the patient in; the address of the enrolment."""
    answer = await _enrol(desk)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"]).removeprefix("/api/admin/v1")


async def test_a_patient_enters_a_journey_and_that_is_noted(desk: Desk) -> None:
    answer = await _enrol(desk)
    assert (answer.json()["status"], answer.json()["step"]) == ("active", "wait")
    begun, done = desk.noted
    assert (begun.patient, begun.about, begun.why) == (PATIENT, (JOURNEY,), "asked for it")
    assert (done.outcome, done.after != "") == ("done", True)


async def test_one_key_enters_once_also_where_its_answer_was_lost(desk: Desk) -> None:
    first = await _enrol(desk, key="the-same-key")
    await desk.services.documents.delete("idempotency", await _intent(desk))
    again = await _enrol(desk, key="the-same-key")
    assert (again.status_code, again.json()) == (201, first.json())
    record = (await desk.services.patients.load(PATIENT)).record
    assert (len(record.enrolments), record.history[JOURNEY].entries) == (1, 1)


async def _intent(desk: Desk) -> str:
    (name,) = [name async for name, _ in desk.services.documents.all("idempotency")]
    return name


async def test_what_its_rules_forbid_is_refused(desk: Desk, inside: str) -> None:
    answer = await _enrol(desk)
    assert (answer.status_code, code_of(answer)) == (422, "not-entered")


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"focus": "Appointment/none"}, 404, "unknown-focus"),
        ({"not_before": "soon"}, 422, "bad-instant"),
        ({"journey": "0" * 32}, 404, "unknown-journey"),
        ({"journey": "none"}, 422, "invalid"),
        ({"more": "x"}, 422, "invalid"),
    ],
)
async def test_what_cannot_be_is_said(desk: Desk, wrong: dict[str, str], status: int, code: str) -> None:
    answer = await _enrol(desk, **wrong)
    assert (answer.status_code, code_of(answer)) == (status, code)


async def test_it_is_paused_resumed_moved_and_stopped(desk: Desk, inside: str) -> None:
    for verb, body, status, step in (
        ("pause", _WHY, "on-hold", "wait"),
        ("resume", _WHY, "active", "wait"),
        ("move", {**_WHY, "step": "again"}, "active", "again"),
        ("stop", _WHY, "over", ""),
    ):
        answer = await desk.call("POST", f"{inside}/{verb}", Role.AGENT, body)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["status"], answer.json()["step"]) == (status, step)
    last = desk.noted[-1]
    assert (last.operation, last.patient, last.before != last.after) == ("stopEnrolment", PATIENT, True)


@pytest.mark.parametrize(
    ("verb", "more", "status", "code"),
    [
        ("resume", {}, 422, "not-now"),
        ("retry", {}, 422, "not-now"),
        ("move", {"step": "nowhere"}, 404, "unknown-step"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_noted_as_failed(
    desk: Desk, inside: str, verb: str, more: dict[str, str], status: int, code: str
) -> None:
    answer = await desk.call("POST", f"{inside}/{verb}", Role.AGENT, {**_WHY, **more})
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert desk.noted[-1].outcome == "failed"


@pytest.mark.parametrize(("verb", "more"), [("move", {"step": "again"}), ("stop", {}), ("pause", {})])
async def test_what_was_done_before_its_answer_was_lost_is_not_done_again(
    desk: Desk, inside: str, verb: str, more: dict[str, str]
) -> None:
    async def once() -> dict[str, Any]:
        answer = await desk.call("POST", f"{inside}/{verb}", Role.AGENT, {**_WHY, **more}, key="one-key-")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    first = await once()
    before = await desk.services.patients.timeline(PATIENT)
    for name in [name async for name, _ in desk.services.documents.all("idempotency")]:
        await desk.services.documents.delete("idempotency", name)
    assert await once() == first
    assert await desk.services.patients.timeline(PATIENT) == before


async def test_reasons_are_for_those_who_see_clinical_facts(desk: Desk, inside: str) -> None:
    path = f"/patients/{PATIENT}/enrolments"
    for role, headers, told in (
        (Role.AGENT, {}, ""),
        (Role.CLINICAL_USER, {}, "asked for by ann: asked for it"),
        (Role.AGENT, {"Break-Glass": "the patient is on the phone"}, "asked for by ann: asked for it"),
    ):
        (item,) = (await desk.call("GET", path, role, headers=headers)).json()["items"]
        assert item["reason"] == told
        assert (await desk.call("GET", inside, role, headers=headers)).json() == item
    assert [entry.glass for entry in desk.noted[-2:]] == [True, True]


async def test_what_was_entered_before_is_told(desk: Desk, inside: str) -> None:
    await desk.call("POST", f"{inside}/stop", Role.AGENT, _WHY)
    found = (await desk.call("GET", f"/patients/{PATIENT}/enrolments", Role.AGENT)).json()
    assert (found["items"], [(each["url"], each["entries"]) for each in found["history"]]) == (
        [],
        [(JOURNEY, 1)],
    )


async def test_nobody_there_is_a_404(desk: Desk, inside: str) -> None:
    stranger = f"/patients/{'0' * 32}/enrolments"
    answer = await desk.call("GET", stranger, Role.AGENT)
    assert (answer.status_code, code_of(answer)) == (404, "unknown-patient")
    gone = inside[:-1] + ("0" if inside[-1] != "0" else "1")
    for method, path, body in (("GET", gone, None), ("POST", f"{gone}/pause", _WHY)):
        answer = await desk.call(method, path, Role.AGENT, body)
        assert (answer.status_code, code_of(answer)) == (404, "unknown-enrolment")


async def test_marketers_see_and_steer_nobody(desk: Desk, inside: str) -> None:
    for method, path, body in (("GET", inside, None), ("POST", f"{inside}/stop", _WHY)):
        assert (await desk.call(method, path, Role.MARKETER, body)).status_code == 403
