"""Campaigns by the admin API: how they stand, staff's moves over what they read, previews."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared.access.roles import Role
from shared.queues import OPERATIONS
from shared.usecases.jobs import Operate, decode_job
from shared.usecases.operations.kinds import does
from shared.usecases.operations.running import carry_on
from tests.admin.admin_kit import Desk, code_of
from tests.unit.campaign_kit import CAMPAIGN, SEGMENTS, Clinic, campaign, journey


@pytest.fixture
async def clinic() -> Clinic:
    clinic = Clinic()
    await clinic.publishes(
        *SEGMENTS, journey(), campaign(approval={"role": "Approver"}), campaign(version="2.0.0")
    )
    return clinic


@pytest.fixture
def desk(clinic: Clinic) -> Desk:
    return Desk(clinic.services, clinic.clock)


class Planned:
    """One campaign, and its ETag as it was read last."""

    def __init__(self, desk: Desk, campaign: str) -> None:
        self.desk, self.path, self.etag = desk, f"/campaigns/{campaign}", ""

    async def read(self, role: Role = Role.MARKETER, **params: Any) -> dict[str, Any]:
        answer = await self.desk.call("GET", self.path, role, params=params)
        self.etag = answer.headers["etag"].strip('"')
        found: dict[str, Any] = answer.json()
        return found

    async def does(self, action: str, caller: Role, by: str, match: str = "", **body: str) -> httpx.Response:
        await self.read()
        return await self.desk.call(
            "POST", f"{self.path}/{action}", caller, body, by=by, match=match or self.etag
        )


@pytest.fixture
async def planned(desk: Desk) -> Planned:
    first, _ = (await desk.call("GET", "/campaigns", Role.MARKETER)).json()["items"]
    return Planned(desk, first["campaign"])


async def test_each_version_is_listed_as_a_campaign_of_its_own(desk: Desk) -> None:
    first, second = (await desk.call("GET", "/campaigns", Role.AGENT)).json()["items"]
    assert (first["url"], first["version"], first["status"]) == (CAMPAIGN, "1.0.0", "draft")
    assert (second["version"], first["campaign"] != second["campaign"]) == ("2.0.0", True)


async def test_the_list_is_filtered_and_read_page_by_page(desk: Desk, planned: Planned) -> None:
    await planned.does("submit", Role.MARKETER, "ann")
    drafts = await desk.call("GET", "/campaigns", Role.MARKETER, params={"status": "draft"})
    assert [each["version"] for each in drafts.json()["items"]] == ["2.0.0"]
    page = (await desk.call("GET", "/campaigns", Role.MARKETER, params={"limit": 1})).json()
    rest = await desk.call("GET", "/campaigns", Role.MARKETER, params={"limit": 1, "cursor": page["next"]})
    assert [each["version"] for each in (*page["items"], *rest.json()["items"])] == ["1.0.0", "2.0.0"]


async def test_a_campaign_goes_the_whole_way_and_each_move_is_noted(planned: Planned) -> None:
    for action, role, by in (
        ("submit", Role.MARKETER, "ann"),
        ("approve", Role.APPROVER, "ben"),
        ("start", Role.EVENT_PLANNER, "ann"),
        ("pause", Role.MARKETER, "ann"),
        ("resume", Role.MARKETER, "ann"),
    ):
        answer = await planned.does(action, role, by)
        assert answer.status_code == 200, answer.text
    found = await planned.read()
    assert found["status"] == "running"
    assert [(move["action"], move["by"], move["role"]) for move in found["moves"]][:2] == [
        ("submit", "ann", "Marketer"),
        ("approve", "ben", "Approver"),
    ]
    noted = planned.desk.noted
    assert [entry.outcome for entry in noted] == ["begun", "done"] * 5
    assert all(entry.before != entry.after for entry in noted if entry.outcome == "done")


async def test_nobody_approves_their_own_work(planned: Planned) -> None:
    await planned.does("submit", Role.MARKETER, "ann")
    answer = await planned.does("approve", Role.APPROVER, "ann")
    assert (answer.status_code, code_of(answer)) == (422, "campaign-move")
    assert (await planned.read())["status"] == "submitted"


async def test_nobody_acts_in_an_app_role_that_is_not_theirs(planned: Planned) -> None:
    await planned.does("submit", Role.MARKETER, "ann")
    answer = await planned.does("approve", Role.APPROVER, "ben", role="Supervisor")
    assert (answer.status_code, code_of(answer)) == (403, "forbidden")
    said = await planned.does("approve", Role.APPROVER, "ben", role="clinical-lead")
    assert (said.status_code, code_of(said)) == (422, "campaign-move")  # this one asks for Approver


async def test_who_read_it_before_somebody_else_moved_it_is_refused(planned: Planned) -> None:
    await planned.read()
    stale = planned.etag
    await planned.does("submit", Role.MARKETER, "ann")
    answer = await planned.does("approve", Role.APPROVER, "ben", match=stale)
    assert (answer.status_code, code_of(answer)) == (412, "changed")


async def test_a_move_that_makes_no_sense_is_refused_and_noted_as_failed(planned: Planned) -> None:
    answer = await planned.does("resume", Role.MARKETER, "ann")
    assert (answer.status_code, code_of(answer)) == (422, "campaign-move")
    assert [entry.outcome for entry in planned.desk.noted] == ["begun", "failed"]


async def test_a_rejection_needs_a_reason(planned: Planned) -> None:
    await planned.does("submit", Role.MARKETER, "ann")
    answer = await planned.does("reject", Role.APPROVER, "ben")
    assert (answer.status_code, code_of(answer)) == (422, "invalid")
    assert (await planned.does("reject", Role.APPROVER, "ben", reason="not now")).json()["status"] == "draft"


async def test_a_campaign_that_there_is_not_is_a_404(desk: Desk) -> None:
    answer = await desk.call("GET", f"/campaigns/{'0' * 32}", Role.MARKETER)
    assert (answer.status_code, code_of(answer)) == (404, "unknown-campaign")


async def _follow(desk: Desk, answer: httpx.Response) -> dict[str, Any]:
    """Carry out what was put on the queue, and read what came of it."""
    job = decode_job(desk.services.queue.take(OPERATIONS).body)  # type: ignore[attr-defined]
    assert isinstance(job, Operate)
    await carry_on(desk.services, job, does)
    found: dict[str, Any] = (
        await desk.call("GET", f"/operations/{answer.json()['operation']}", by="ann")
    ).json()
    return found


async def test_a_preview_counts_and_names_nobody(desk: Desk, clinic: Clinic, planned: Planned) -> None:
    await clinic.has(30)
    answer = await desk.call("POST", f"{planned.path}/preview", Role.MARKETER, {}, by="ann")
    assert answer.status_code == 202, answer.text
    ended = await _follow(desk, answer)
    assert (ended["status"], ended["done"], ended["of"]) == ("succeeded", 100, 100)
    totals = ended["result"]["totals"]
    assert (totals["audience"], totals["looked_at"], totals["invited"]) == (30, 30, 0)
    assert sum(totals["left_out"].values()) == 30
    assert ended["result"]["complete"] is True


async def test_a_preview_hides_small_figures_from_those_who_see_no_people(
    desk: Desk, clinic: Clinic, planned: Planned
) -> None:
    await clinic.has(3)
    answer = await desk.call("POST", f"{planned.path}/preview", Role.EVENT_PLANNER, {"most": 2}, by="ann")
    result = (await _follow(desk, answer))["result"]
    assert (result["totals"]["audience"], result["totals"]["looked_at"]) == (None, None)
    assert result["complete"] is False


async def test_a_preview_lets_nobody_reckon_what_it_hides(
    desk: Desk, clinic: Clinic, planned: Planned
) -> None:
    """The two that were not looked at are no difference of two figures, and progress has none."""
    await clinic.has(31)
    answer = await desk.call("POST", f"{planned.path}/preview", Role.EVENT_PLANNER, {"most": 29}, by="ann")
    ended = await _follow(desk, answer)
    totals = ended["result"]["totals"]
    assert (totals["audience"], totals["looked_at"]) == (30, 30)
    assert ended["of"] == 100


async def test_what_has_come_of_a_run_is_told_where_it_is_asked_for(clinic: Clinic, planned: Planned) -> None:
    await clinic.has(12)
    for action, role, by in (
        ("submit", Role.MARKETER, "ann"),
        ("approve", Role.APPROVER, "ben"),
        ("start", Role.MARKETER, "ann"),
    ):
        await planned.does(action, role, by)
    await clinic.tick()
    await clinic.works()
    (told,) = (await planned.read(Role.MARKETER, results=True))["latest_runs"]
    assert (told["asked"], told["entered"], told["by_status"]) == (15, 15, {"active": 15})
    (exact,) = (await planned.read(Role.SUPERVISOR, results=True))["latest_runs"]
    assert (exact["asked"], exact["entered"], exact["by_status"]) == (12, 12, {"active": 12})
    (brief,) = (await planned.read())["latest_runs"]
    assert (brief["asked"], brief["entered"], brief["by_status"]) == (15, None, {})


async def test_nobody_approves_what_they_have_written_though_another_submits_it(desk: Desk) -> None:
    content = campaign(version="3.0.0", approval={"role": "Approver"}).body
    offered = {"kind": "campaign", "content": content}
    draft = (await desk.call("POST", "/drafts", Role.EVENT_PLANNER, offered, by="ann")).json()["draft"]
    etag = (await desk.call("GET", f"/drafts/{draft}", Role.APPROVER)).headers["etag"].strip('"')
    path = f"/drafts/{draft}/publish"
    published = await desk.call("POST", path, Role.APPROVER, {}, by="ben", match=etag)
    assert published.status_code == 201, published.text
    found = (await desk.call("GET", "/campaigns", Role.MARKETER)).json()["items"]
    mine = Planned(desk, next(each["campaign"] for each in found if each["version"] == "3.0.0"))
    assert (await mine.does("submit", Role.EVENT_PLANNER, "cem")).status_code == 200
    own = await mine.does("approve", Role.APPROVER, "ann")
    assert (own.status_code, code_of(own)) == (403, "own-work")
    assert (await mine.does("approve", Role.APPROVER, "ben")).status_code == 200
