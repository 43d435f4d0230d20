"""The dry run of a journey by the admin API: over the stored records, a sample of many, figures alone."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import httpx
import pytest

from shared.access.roles import Role
from shared.queues import OPERATIONS
from shared.usecases.jobs import Operate, decode_job
from shared.usecases.journeys import simulate
from shared.usecases.operations.kinds import does
from shared.usecases.operations.running import carry_on
from tests.admin.admin_kit import Desk, code_of
from tests.unit.campaign_kit import DUE, SEGMENTS, Clinic, journey

_STEPS = [{"id": "wait", "kind": "wait", "duration": "P3D"}, {"id": "out", "kind": "exit"}]
_MEMBERS = {"segment_member": {"segment": DUE}}


@pytest.fixture
async def desk() -> Desk:
    clinic = Clinic()
    await clinic.publishes(*SEGMENTS, journey(steps=_STEPS))
    await clinic.has(30)
    return Desk(clinic.services, clinic.clock)


async def _ask(desk: Desk, role: Role | tuple[Role, ...] = Role.MARKETER, **asked: Any) -> httpx.Response:
    return await desk.call("POST", "/journeys/simulate", role, asked, by="ann")


async def _published(desk: Desk) -> str:
    (found,) = (await desk.call("GET", "/journeys", Role.MARKETER)).json()["items"]
    return str(found["journey"])


async def _result(desk: Desk, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    job = decode_job(desk.services.queue.take(OPERATIONS).body)  # type: ignore[attr-defined]
    assert isinstance(job, Operate)
    await carry_on(desk.services, job, does)
    found = (await desk.call("GET", f"/operations/{answer.json()['operation']}", by="ann")).json()
    assert found["status"] == "succeeded", found
    result: dict[str, Any] = found["result"]
    return result


def _drafted(**changes: Any) -> dict[str, Any]:
    body = journey(
        version="2.0.0", steps=deepcopy(_STEPS), trigger=_MEMBERS, re_entry="never", **changes
    ).body
    return {"kind": "journey", "content": body}


async def test_what_is_published_is_played_over_everybody(desk: Desk) -> None:
    answer = await _ask(desk, journey=await _published(desk), days=10, enrol="everybody")
    result = await _result(desk, answer)
    assert (result["played"], result["people"], result["sampled"]) == (30, 30, False)
    (told,) = result["report"]["journeys"]
    assert told["entered"] == 30
    assert sum(told["completed"].values()) == 30


async def test_what_is_not_published_is_played_with_what_is(desk: Desk) -> None:
    result = await _result(desk, await _ask(desk, definitions=[_drafted()], days=10))
    (told,) = result["report"]["journeys"]
    assert told["entered"] == 30


async def test_nothing_is_written_and_nobody_is_named(desk: Desk) -> None:
    patients = desk.services.patients
    before = [stored.etag for stored in await patients.range("", "g", 100)]
    result = await _result(desk, await _ask(desk, definitions=[_drafted()]))
    assert [stored.etag for stored in await patients.range("", "g", 100)] == before
    told = json.dumps(result)
    for stored in await patients.range("", "g", 100):
        assert stored.record.key not in told
        assert f'"{stored.record.patient_id}"' not in told


async def test_of_many_a_sample_is_played_and_that_is_said(desk: Desk) -> None:
    result = await _result(desk, await _ask(desk, definitions=[_drafted()], most=12))
    assert (result["played"], result["sampled"]) == (12, True)
    assert 15 < result["people"] < 60
    assert "a sample was played" in result["notes"][0]


async def test_figures_of_a_few_are_for_those_who_see_people(desk: Desk) -> None:
    asked = {"definitions": [_drafted()], "most": 4, "days": 10}
    hidden = await _result(desk, await _ask(desk, Role.MARKETER, **asked))
    seen = await _result(desk, await _ask(desk, (Role.MARKETER, Role.SUPERVISOR), **asked))
    assert hidden["report"]["journeys"][0]["entered"] is None
    assert seen["report"]["journeys"][0]["entered"] == 4


async def test_what_is_too_much_to_keep_is_told_without_its_days(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulate, "MOST_TOLD", 100)
    result = await _result(desk, await _ask(desk, definitions=[_drafted()]))
    assert "days" not in result["report"]
    assert "what is told by day was left out" in result["notes"][0]


async def test_all_that_is_wrong_with_definitions_is_said_at_once(desk: Desk) -> None:
    wrong = _drafted()
    wrong["content"]["trigger"] = {"segment_member": {"segment": "https://example.org/none"}}
    wrong["content"]["steps"][0]["kind"] = "dance"
    answer = await _ask(desk, definitions=[wrong])
    assert (answer.status_code, code_of(answer)) == (422, "invalid")
    assert answer.json()["problems"][0]["where"].startswith("definitions[0]")


async def test_who_sees_no_people_does_not_learn_whether_there_is_somebody_or_nobody(desk: Desk) -> None:
    """A journey may ask what only one person can meet: none or few would be the answer."""
    few = await _result(desk, await _ask(desk, definitions=[_drafted()], most=4, days=10))
    many = await _result(desk, await _ask(desk, definitions=[_drafted()], days=10))
    assert _numbers(few["report"]) == []
    assert all(count >= 15 and count % 5 == 0 for count in _numbers(many["report"]))
    assert many["report"]["journeys"][0]["entered"] == 30
    assert (few["report"]["channels"], few["report"]["suppressed"]) == ({}, [])


def _numbers(figures: Any) -> list[int]:
    if isinstance(figures, dict | list):
        inside = figures.values() if isinstance(figures, dict) else figures
        return [number for each in inside for number in _numbers(each)]
    return [figures] if type(figures) is int else []


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({}, 422, "which-journey"),
        ({"journey": "0" * 32}, 404, "unknown-journey"),
        ({"definitions": [{"kind": "segment", "content": {"url": "x"}}]}, 422, "no-journey"),
        ({"definitions": [{"kind": "journey", "content": {}}]}, 422, "invalid"),
        ({"definitions": [{"kind": "journey", "content": {"x": "y" * 300_000}}]}, 413, "too-large"),
        ({"definitions": [_drafted()], "enrol": "https://example.org/none"}, 404, "unknown-segment"),
        ({"definitions": [_drafted()], "assume": {"luck": "1"}}, 422, "bad-assumption"),
        ({"definitions": [_drafted()], "start": "9999-01-01T00:00:00Z"}, 422, "bad-instant"),
        ({"definitions": [_drafted()], "days": 10_000}, 422, "invalid"),
    ],
)
async def test_what_cannot_be_played_is_said_before_anything_begins(
    desk: Desk, asked: dict[str, Any], status: int, code: str
) -> None:
    answer = await _ask(desk, **asked)
    assert (answer.status_code, code_of(answer)) == (status, code), answer.text
    assert not desk.services.queue.queues[OPERATIONS]  # type: ignore[attr-defined]


async def test_one_future_is_told_to_who_sees_clinical_facts(desk: Desk) -> None:
    key = (await desk.services.patients.range("", "g", 1))[0].record.key
    path = f"/journeys/{await _published(desk)}/enrolments/{key}"
    seen = await desk.call("GET", path, Role.CLINICAL_USER, params={"enrol": True})
    assert seen.status_code == 200, seen.text
    assert [each["kind"] for each in seen.json()["moments"]].count("journey") > 1
    refused = await desk.call("GET", path, Role.AGENT)
    assert (refused.status_code, code_of(refused)) == (403, "clinical")
    glass = {"Break-Glass": "the patient asks on the phone"}
    assert (await desk.call("GET", path, Role.AGENT, headers=glass)).status_code == 200
    noted = [(entry.patient, entry.outcome, entry.glass) for entry in desk.noted]
    assert noted == [(key, "done", False), (key, "refused", False), (key, "done", True)]
    stranger = await desk.call("GET", path.replace(key, "0" * 32), Role.CLINICAL_USER)
    assert (stranger.status_code, code_of(stranger)) == (404, "unknown-patient")


async def test_agents_play_nothing(desk: Desk) -> None:
    assert (await _ask(desk, Role.AGENT, definitions=[_drafted()])).status_code == 403
