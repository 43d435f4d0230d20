"""Moving those inside one version of a journey to another, by the admin API: counted first, resumed."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from shared.access.roles import Role
from shared.errors import Unavailable
from shared.patient.record import patient_key
from shared.queues import OPERATIONS
from shared.usecases.jobs import Operate, decode_job
from shared.usecases.journeys import migrate
from shared.usecases.operations.kinds import does
from shared.usecases.operations.running import carry_on
from tests.admin.admin_kit import Desk, code_of
from tests.unit.campaign_kit import JOURNEY, SEGMENTS, Clinic, journey

_OLD = [
    {"id": "wait", "kind": "wait", "duration": "P3D"},
    {"id": "old-name", "kind": "wait", "duration": "P3D"},
    {"id": "gone", "kind": "wait", "duration": "P3D"},
]
_NEW = [
    {"id": "wait", "kind": "wait", "duration": "P10D"},
    {"id": "new-name", "kind": "wait", "duration": "P1D"},
]
_ORDER = {
    "from_version": "1.0.0",
    "to_version": "2.0.0",
    "steps": {"old-name": "new-name"},
    "reason": "the wait was too short",
}


class Ward:
    """Three people inside the first version, one at each step; the second is published meanwhile."""

    def __init__(self) -> None:
        self.clinic = Clinic()
        self.desk = Desk(self.clinic.services, self.clinic.clock)
        self.names: list[str] = []

    async def fill(self, **changes: Any) -> None:
        await self.clinic.publishes(*SEGMENTS, journey(steps=_OLD))
        self.names = await self.clinic.has(3)
        for name, step in zip(self.names, ("", "old-name", "gone"), strict=True):
            await self.clinic.enters_otherwise(name)
            if step:
                await self._stands(name, step)
        await self.clinic.publishes(journey(version="2.0.0", steps=_NEW, **changes))

    async def _stands(self, name: str, step: str) -> None:
        held = await self.clinic.enrolment(name)
        assert held is not None
        path = f"/patients/{patient_key(name)}/enrolments/{held.enrolment_id}/move"
        await self.desk.call("POST", path, Role.AGENT, {"step": step, "reason": "test"})

    async def asks(self, role: Role = Role.MARKETER, **changes: Any) -> httpx.Response:
        (found,) = (await self.desk.call("GET", "/journeys", Role.MARKETER)).json()["items"]
        path = f"/journeys/{found['journey']}/migrate"
        return await self.desk.call("POST", path, role, {**_ORDER, **changes}, by="ann")

    async def works(self) -> None:
        letter = self.desk.services.queue.take(OPERATIONS)  # type: ignore[attr-defined]
        job = decode_job(letter.body)
        assert isinstance(job, Operate)
        await carry_on(self.desk.services, job, does)

    async def ended(self, answer: httpx.Response) -> dict[str, Any]:
        await self.works()
        operation = answer.json()["operation"]
        found: dict[str, Any] = (await self.desk.call("GET", f"/operations/{operation}", by="ann")).json()
        assert found["status"] == "succeeded", found
        return found["result"]  # type: ignore[no-any-return]  # JSON

    async def stand(self) -> list[tuple[str, str]]:
        held = [await self.clinic.enrolment(name) for name in self.names]
        return [(each.journey.rpartition("|")[2], each.step) for each in held if each is not None]


@pytest.fixture
async def ward() -> Ward:
    ward = Ward()
    await ward.fill()
    return ward


async def test_everybody_moves_who_can_and_the_others_stay(ward: Ward) -> None:
    result = await ward.ended(await ward.asks())
    assert (result["looked_at"], result["meant"], result["moved"]) == (3, 3, 2)
    assert result["not_moved"] == {"version 2.0.0 has no step gone": 1}
    assert await ward.stand() == [("2.0.0", "wait"), ("2.0.0", "new-name"), ("1.0.0", "gone")]


async def test_what_they_wait_for_is_worked_out_anew_and_the_timeline_says_who_and_why(ward: Ward) -> None:
    before = await ward.clinic.enrolment(ward.names[0])
    await ward.ended(await ward.asks())
    after = await ward.clinic.enrolment(ward.names[0])
    assert before is not None
    assert after is not None
    assert before.due is not None
    assert after.due == before.due + 7 * 24 * 3600 * 1_000_000
    lines = await ward.desk.services.patients.timeline(patient_key(ward.names[0]))
    said = "Moved to version 2.0.0 of Influenza by ann: the wait was too short"
    assert said in [line.text for line in lines]


async def test_a_dry_run_counts_the_same_and_writes_nothing(ward: Ward) -> None:
    before = [(await ward.clinic.services.patients.load(patient_key(n))).etag for n in ward.names]
    counted = await ward.ended(await ward.asks(dry_run=True))
    after = [(await ward.clinic.services.patients.load(patient_key(n))).etag for n in ward.names]
    assert before == after
    done = await ward.ended(await ward.asks())
    assert {**counted, "dry_run": False} == done


async def test_asked_for_again_nobody_is_moved_twice(ward: Ward) -> None:
    await ward.ended(await ward.asks())
    etags = [(await ward.clinic.services.patients.load(patient_key(n))).etag for n in ward.names]
    again = await ward.ended(await ward.asks())
    assert (again["meant"], again["moved"]) == (1, 0)
    assert etags == [(await ward.clinic.services.patients.load(patient_key(n))).etag for n in ward.names]


async def test_after_a_crash_it_goes_on_where_it_stood(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "AT_ONCE", 1)
    monkeypatch.setattr("shared.usecases.operations.running.OFTEN", 0.0)
    answer = await ward.asks()
    loads, real = [], ward.desk.services.patients.load

    async def failing(key: str, patient_id: str = "") -> Any:
        loads.append(key)
        if len(loads) == 2:
            raise Unavailable("storage is away")
        return await real(key, patient_id)

    patients = ward.desk.services.patients
    monkeypatch.setattr(patients, "load", failing)
    letter = patients and ward.desk.services.queue.take(OPERATIONS)  # type: ignore[attr-defined]
    job = decode_job(letter.body)
    assert isinstance(job, Operate)
    with pytest.raises(Unavailable):
        await carry_on(ward.desk.services, job, does)
    await carry_on(ward.desk.services, job, does)
    found = (await ward.desk.call("GET", f"/operations/{answer.json()['operation']}", by="ann")).json()
    result = found["result"]
    assert (result["looked_at"], result["moved"], len(loads)) == (3, 2, 4)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"from_version": "3"}, 404, "unknown-version"),
        ({"to_version": "1.0.0"}, 422, "same-version"),
        ({"steps": {"nowhere": "wait"}}, 404, "unknown-step"),
        ({"steps": {"wait": "nowhere"}}, 404, "unknown-step"),
        ({"steps": {"@gate": "wait"}}, 404, "unknown-step"),
        ({"reason": ""}, 422, "invalid"),
    ],
)
async def test_what_makes_no_sense_is_refused_at_once(
    ward: Ward, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = await ward.asks(**changes)
    assert (answer.status_code, code_of(answer)) == (status, code)


async def test_to_an_older_version_one_may_go_back_unless_the_latest_takes_everybody(ward: Ward) -> None:
    await ward.ended(await ward.asks())
    back = await ward.ended(await ward.asks(from_version="2.0.0", to_version="1.0.0", steps={}))
    assert back["not_moved"] == {"version 1.0.0 has no step new-name": 1}
    assert (await ward.stand())[0] == ("1.0.0", "wait")
    taking = Ward()
    await taking.fill(on_publish={"those_inside": "move"})
    answer = await taking.asks(from_version="2.0.0", to_version="1.0.0", steps={})
    assert (answer.status_code, code_of(answer)) == (422, "not-the-latest")


async def test_it_is_noted_who_asked_for_what(ward: Ward) -> None:
    await ward.asks()
    begun, done = ward.desk.noted[-2:]
    assert (begun.operation, begun.by, begun.about, begun.why) == (
        "migrateJourney",
        "ann",
        (f"{JOURNEY}|1.0.0", f"{JOURNEY}|2.0.0"),
        "the wait was too short",
    )
    assert (done.outcome, done.before != done.after) == ("done", True)


async def test_approvers_and_agents_move_nobody(ward: Ward) -> None:
    for role in (Role.APPROVER, Role.AGENT, Role.SUPERVISOR):
        assert (await ward.asks(role)).status_code == 403


def test_an_order_is_read_back_as_it_was_written() -> None:
    order = migrate.Order(JOURNEY, "1", "2", {"a": "b"}, "because", dry_run=True)
    assert msgspec.convert(msgspec.to_builtins(order), migrate.Order) == order
    assert replace(order, dry_run=False) != order
