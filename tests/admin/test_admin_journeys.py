"""Journeys by the admin API: what is published, how it is drawn, switched for everybody, and who is in it."""

from __future__ import annotations

import pytest

from shared.access.roles import Role
from shared.queues import POPULATIONS
from tests.admin.admin_kit import Desk, code_of
from tests.unit.campaign_kit import JOURNEY, SEGMENTS, Clinic, journey

_STEPS = [
    {
        "id": "which",
        "kind": "split",
        "ways": [{"name": name, "weight": 50, "next": "wait"} for name in "ab"],
    },
    {"id": "wait", "kind": "wait", "duration": "P3D"},
    {"id": "out", "kind": "exit"},
]


@pytest.fixture
async def clinic() -> Clinic:
    clinic = Clinic()
    await clinic.publishes(*SEGMENTS, journey(steps=_STEPS), journey(version="1.10.0", title="Influenza 2"))
    return clinic


@pytest.fixture
def desk(clinic: Clinic) -> Desk:
    return Desk(clinic.services, clinic.clock)


async def _id(desk: Desk) -> str:
    (found,) = (await desk.call("GET", "/journeys", Role.MARKETER)).json()["items"]
    return str(found["journey"])


async def test_a_list_has_the_latest_version_of_each(desk: Desk) -> None:
    (found,) = (await desk.call("GET", "/journeys", Role.AGENT)).json()["items"]
    assert (found["url"], found["version"], found["trigger"], found["state"]) == (
        JOURNEY,
        "1.10.0",
        "manual",
        "running",
    )


@pytest.mark.parametrize(
    ("filters", "count"), [({"state": "paused"}, 0), ({"trigger": "manual"}, 1), ({"trigger": "date"}, 0)]
)
async def test_a_list_is_filtered(desk: Desk, filters: dict[str, str], count: int) -> None:
    answer = await desk.call("GET", "/journeys", Role.MARKETER, params=filters)
    assert len(answer.json()["items"]) == count


async def test_any_version_is_read_as_its_author_wrote_it(desk: Desk) -> None:
    path = f"/journeys/{await _id(desk)}"
    latest = (await desk.call("GET", path, Role.APPROVER)).json()
    first = (await desk.call("GET", path, Role.APPROVER, params={"version": "1.0.0"})).json()
    assert (latest["definition"]["title"], first["definition"]["steps"]) == ("Influenza 2", _STEPS)
    missing = await desk.call("GET", path, Role.APPROVER, params={"version": "7"})
    assert (missing.status_code, code_of(missing)) == (404, "unknown-version")


async def test_versions_are_listed_page_by_page(desk: Desk) -> None:
    path = f"/journeys/{await _id(desk)}/versions"
    first = (await desk.call("GET", path, Role.MARKETER, params={"limit": 1})).json()
    second = (
        await desk.call("GET", path, Role.MARKETER, params={"limit": 1, "cursor": first["next"]})
    ).json()
    assert {first["items"][0]["version"], second["items"][0]["version"]} == {"1.0.0", "1.10.0"}
    assert second["next"] == ""


async def test_a_diagram_is_a_picture_that_runs_nothing(desk: Desk) -> None:
    answer = await desk.call("GET", f"/journeys/{await _id(desk)}/diagram", Role.MARKETER)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert (
        answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )
    assert answer.text.startswith("<svg")
    assert "Influenza 2" in answer.text


async def test_a_journey_that_there_is_not_is_a_404(desk: Desk) -> None:
    for path in ("", "/versions", "/diagram"):
        answer = await desk.call("GET", f"/journeys/{'0' * 32}{path}", Role.MARKETER)
        assert (answer.status_code, code_of(answer)) == (404, "unknown-journey")


async def test_who_throws_a_switch_has_everybody_looked_at_and_is_noted(desk: Desk) -> None:
    path = f"/journeys/{await _id(desk)}"
    paused = await desk.call("POST", f"{path}/pause", Role.MARKETER, {"reason": "no slots"}, by="ann")
    assert (paused.json()["state"], paused.json()["changed"]) == ("paused", True)
    assert desk.services.queue.queues[POPULATIONS]  # type: ignore[attr-defined]
    begun, done = desk.noted
    assert (begun.outcome, begun.by, begun.about, begun.why) == ("begun", "ann", (JOURNEY,), "no slots")
    assert (done.outcome, done.before != done.after) == ("done", True)
    assert (await desk.call("GET", path, Role.MARKETER)).json()["state"] == "paused"


async def test_the_same_switch_again_changes_nothing(desk: Desk) -> None:
    path = f"/journeys/{await _id(desk)}/stop"
    first = await desk.call("POST", path, Role.SUPERVISOR, {"reason": "wrong text"})
    again = await desk.call("POST", path, Role.SUPERVISOR, {"reason": "wrong text"})
    assert (first.json()["changed"], again.json()["changed"], again.json()["state"]) == (
        True,
        False,
        "stopped",
    )
    resumed = await desk.call(
        "POST", path.replace("stop", "resume"), Role.SUPERVISOR, {"reason": "set right"}
    )
    assert resumed.json()["state"] == "running"


async def test_a_winner_is_one_of_the_ways_of_a_version(desk: Desk) -> None:
    path = f"/journeys/{await _id(desk)}"
    asked = {"version": "1.0.0", "step": "which", "way": "b", "reason": "more came"}
    assert (await desk.call("POST", f"{path}/winners", Role.MARKETER, asked)).status_code == 200
    read = await desk.call("GET", path, Role.MARKETER, params={"version": "1.0.0"})
    assert read.json()["winners"] == {"which": "b"}
    wrong = await desk.call("POST", f"{path}/winners", Role.MARKETER, {**asked, "way": "c"})
    assert (wrong.status_code, code_of(wrong)) == (404, "unknown-way")


async def test_those_inside_are_counted_for_those_who_see_people_alone(desk: Desk, clinic: Clinic) -> None:
    for name in await clinic.has(3):
        await clinic.enters_otherwise(name)
    path = f"/journeys/{await _id(desk)}"
    seen = (await desk.call("GET", path, Role.SUPERVISOR, params={"count": True})).json()["inside"]
    assert seen == {"people": 3, "more": False, "on_hold": 0, "by_version": {"1.10.0": 3}}
    hidden = (await desk.call("GET", path, Role.MARKETER, params={"count": True})).json()["inside"]
    assert hidden == {"people": None, "more": False, "on_hold": 0, "by_version": {"1.10.0": None}}


async def test_the_roster_is_read_to_its_end_and_noted(desk: Desk, clinic: Clinic) -> None:
    names = await clinic.has(5)
    for name in names:
        await clinic.enters_otherwise(name)
    await clinic.leaves(names[0])
    path = f"/journeys/{await _id(desk)}/enrolments"
    found, cursor = [], ""
    while True:
        page = (await desk.call("GET", path, Role.SUPERVISOR, params={"limit": 2, "cursor": cursor})).json()
        found += page["items"]
        cursor = page["next"]
        if not cursor:
            break
    assert len({row["patient"] for row in found}) == 5
    assert sorted(row["status"] for row in found) == ["active"] * 4 + ["revoked"]
    assert {entry.patient for entry in desk.noted} == {row["patient"] for row in found}
    assert all(entry.kind == "read" for entry in desk.noted)


async def test_the_roster_is_filtered(desk: Desk, clinic: Clinic) -> None:
    names = await clinic.has(3)
    for name in names:
        await clinic.enters_otherwise(name)
    await clinic.leaves(names[0])
    path = f"/journeys/{await _id(desk)}/enrolments"
    for filters, count in (
        ({"status": "revoked"}, 1),
        ({"status": "active"}, 2),
        ({"inside": "true"}, 2),
        ({"version": "1.0.0"}, 0),
        ({"version": "1.10.0"}, 3),
        ({"run": ""}, 3),
        ({"run": "none"}, 0),
    ):
        answer = await desk.call("GET", path, Role.SUPERVISOR, params=filters)
        assert len(answer.json()["items"]) == count, filters


async def test_marketers_see_no_roster(desk: Desk) -> None:
    answer = await desk.call("GET", f"/journeys/{await _id(desk)}/enrolments", Role.MARKETER)
    assert (answer.status_code, code_of(answer)) == (403, "forbidden")
