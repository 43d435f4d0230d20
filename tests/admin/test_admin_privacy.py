"""What people may ask for of what is held of them, by the admin API: handed out, erased, lifted."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from shared.access.roles import Role
from shared.queues import OPERATIONS
from shared.usecases.jobs import Operate, decode_job
from shared.usecases.operations.kinds import does
from shared.usecases.operations.running import carry_on
from tests.admin.admin_kit import Desk, code_of
from tests.admin.patient_kit import ANN, NOBODY, NUMBERS, WORDS, settled

WHY = {"reason": "asked for it in writing"}
GLASS = {"Break-Glass": "she asked for it in writing"}


@pytest.fixture
async def desk() -> Desk:
    return await settled()


async def erased(desk: Desk, role: Role = Role.SUPERVISOR) -> dict[str, Any]:
    """Erase Ann and follow it to its end."""
    answer = await desk.call("POST", f"/patients/{ANN}/erase", role, WHY, by="ida")
    assert answer.status_code == 202, answer.text
    letter = desk.services.queue.queues[OPERATIONS].pop()  # type: ignore[attr-defined]
    job = decode_job(letter.body)
    assert isinstance(job, Operate)
    await carry_on(desk.services, job, does)
    state: dict[str, Any] = (await desk.call("GET", f"/operations/{job.operation}", role, by="ida")).json()
    assert state["status"] == "succeeded", state
    return state


async def test_all_that_is_held_is_handed_out(desk: Desk) -> None:
    answer = await desk.call("GET", f"/patients/{ANN}/export", Role.SUPERVISOR, headers=GLASS)
    held = answer.json()
    assert held["about"]["patient"] == "Patient/ann"
    assert set(held) == {
        "about", "record", "messages", "waiting", "timeline", "indexes", "reads", "fhir"
    }  # fmt: skip
    assert held["messages"][0]["text"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="export-{ANN}.json"'
    (entry,) = desk.noted
    assert (entry.operation, entry.patient, entry.glass) == ("exportPatient", ANN, True)
    assert entry.why == GLASS["Break-Glass"]


async def test_clinical_facts_are_handed_out_by_who_sees_them_or_breaks_the_glass(desk: Desk) -> None:
    path = f"/patients/{ANN}/export"
    for _ in range(3):
        refused = await desk.call("GET", path, Role.SUPERVISOR)
        assert (refused.status_code, code_of(refused)) == (403, "clinical")
    assert [(entry.outcome, entry.patient) for entry in desk.noted] == [("refused", ANN)]
    both = await desk.call("GET", path, (Role.SUPERVISOR, Role.CLINICAL_USER))
    assert both.status_code == 200
    assert not desk.noted[-1].glass


async def test_a_person_is_erased_and_stays_so(desk: Desk) -> None:
    state = await erased(desk)
    result = state["result"]
    assert (result["patient"], result["before"], result["linked"]) == (ANN, False, [])
    assert result["rows"] > 0
    assert result["marks"] > 0
    record = (await desk.services.patients.load(ANN)).record
    assert (record.patient_id, record.person) == ("", None)
    assert not any(word in str(state) for word in WORDS)
    assert (await erased(desk))["result"]["before"] is True
    answer = await desk.call("GET", f"/patients/{ANN}/export", Role.SUPERVISOR, headers=GLASS)
    assert (answer.status_code, code_of(answer)) == (422, "erased")
    begun = [entry for entry in desk.noted if entry.operation == "erasePatient"]
    assert [(entry.outcome, entry.why, entry.by) for entry in begun[:2]] == [
        ("begun", WHY["reason"], "ida"),
        ("done", WHY["reason"], "ida"),
    ]


async def test_asked_for_twice_under_one_key_it_is_one_operation(desk: Desk) -> None:
    path = f"/patients/{ANN}/erase"
    answers = [await desk.call("POST", path, Role.SUPERVISOR, WHY, key="the-same-key") for _ in range(2)]
    assert answers[0].json()["operation"] == answers[1].json()["operation"]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert len(desk.services.queue.queues[OPERATIONS]) == 1  # type: ignore[attr-defined]


async def test_nobody_is_erased_without_a_reason_or_who_is_not_there(desk: Desk) -> None:
    answer = await desk.call("POST", f"/patients/{ANN}/erase", Role.SUPERVISOR, {})
    assert (answer.status_code, code_of(answer)) == (422, "invalid")
    answer = await desk.call("POST", f"/patients/{NOBODY}/erase", Role.SUPERVISOR, WHY)
    assert (answer.status_code, code_of(answer)) == (404, "unknown-patient")
    assert desk.noted == []


async def test_a_mark_is_lifted_once(desk: Desk) -> None:
    await erased(desk)
    body = {"channel": "sms", "address": "(206) 555-0123", "reason": "the number has a new owner"}
    for lifted in (True, False):
        answer = await desk.call("POST", "/privacy/lift", Role.SUPERVISOR, body)
        assert answer.json() == {"lifted": lifted}
    assert NUMBERS["ann"] not in str(desk.noted)


async def test_what_was_written_is_listed_also_of_somebody_erased(desk: Desk) -> None:
    await erased(desk)
    answer = await desk.call("POST", "/privacy/written", Role.SUPERVISOR, {"patient_id": "ann"})
    assert (answer.status_code, answer.json()["patient"]) == (200, ANN)
    assert desk.noted[-1].patient == ANN


@pytest.mark.parametrize(
    "role", [Role.AGENT, Role.CLINICAL_USER, Role.MARKETER, Role.AUDITOR, Role.ADMINISTRATOR]
)
async def test_it_is_not_for_everybody(desk: Desk, role: Role) -> None:
    for method, path, body in (
        ("GET", f"/patients/{ANN}/export", None),
        ("POST", f"/patients/{ANN}/erase", WHY),
        ("POST", "/privacy/written", {"patient_id": "ann"}),
        ("POST", "/privacy/lift", {"channel": "sms", "address": NUMBERS["ann"], **WHY}),
    ):
        assert (await desk.call(method, path, role, body)).status_code == 403


async def test_a_broken_glass_is_told_where_an_alert_can_hear_it(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "hearthline.audit"):
        await desk.call("GET", f"/patients/{ANN}", Role.CLINICAL_USER)
        assert caplog.records == []
        headers = {"Break-Glass": "Ann Lee is on the phone"}
        await desk.call("GET", f"/patients/{ANN}", Role.AGENT, by="u-17", headers=headers)
    (told,) = caplog.records
    assert (told.levelname, told.getMessage()) == ("WARNING", f"glass broken: getPatient of {ANN} by u-17")
