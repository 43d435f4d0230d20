"""Long work by the admin API: it is followed, seen by who asked for it, and cancelled."""

from __future__ import annotations

from typing import Any

import pytest

from shared.access.roles import Role
from shared.queues import OPERATIONS
from shared.usecases.jobs import Operate, decode_job
from shared.usecases.operations.running import Progress, Works, carry_on, start
from shared.usecases.operations.written import LongWork
from shared.usecases.services import Services
from tests.admin.admin_kit import Desk, code_of


async def _asked(desk: Desk, by: str = "ann") -> LongWork:
    return await start(desk.services, "count", by, {"to": 3}, f"intent of {by}")


async def _carried_on(desk: Desk, work: Works) -> None:
    """Hand out what stands on the queue."""
    (letter,) = desk.services.queue.queues[OPERATIONS]  # type: ignore[attr-defined]
    job = decode_job(letter.body)
    assert isinstance(job, Operate)
    await carry_on(desk.services, job, lambda kind: work)


async def _count(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
    for number in range(work.params["to"]):
        await progress.tell(number + 1, work.params["to"])
        await progress.write()
    return {"counted": work.params["to"]}


async def test_work_is_followed_to_its_result(desk: Desk) -> None:
    work = await _asked(desk)
    path = f"/operations/{work.operation}"
    waiting = await desk.call("GET", path, Role.MARKETER, by="ann")
    assert (waiting.json()["status"], waiting.json()["done"]) == ("waiting", 0)
    await _carried_on(desk, _count)
    ended = (await desk.call("GET", path, Role.MARKETER, by="ann")).json()
    assert (ended["status"], ended["done"], ended["of"], ended["result"]) == (
        "succeeded",
        3,
        3,
        {"counted": 3},
    )


async def test_what_somebody_else_asked_for_is_not_seen(desk: Desk) -> None:
    work = await _asked(desk)
    answer = await desk.call("GET", f"/operations/{work.operation}", Role.MARKETER, by="bob")
    assert (answer.status_code, code_of(answer)) == (404, "unknown-operation")
    assert (await desk.call("GET", "/operations", Role.MARKETER, by="bob")).json()["items"] == []
    assert len((await desk.call("GET", "/operations", Role.ADMINISTRATOR, by="bob")).json()["items"]) == 1


async def test_cancelled_work_ends_at_its_next_step(desk: Desk) -> None:
    work = await _asked(desk)
    answer = await desk.call("POST", f"/operations/{work.operation}/cancel", Role.MARKETER, by="ann")
    assert answer.json()["cancelling"] is True
    await _carried_on(desk, _count)
    ended = (await desk.call("GET", f"/operations/{work.operation}", by="ann")).json()
    assert (ended["status"], ended["done"]) == ("cancelled", 0)
    assert [(entry.operation, entry.outcome) for entry in desk.noted] == [
        ("cancelOperation", "begun"),
        ("cancelOperation", "done"),
    ]


async def test_delivered_again_it_changes_nothing(desk: Desk) -> None:
    await _asked(desk)
    await _carried_on(desk, _count)

    async def never(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
        pytest.fail("it has ended")

    await _carried_on(desk, never)


async def test_the_list_is_of_one_kind_or_of_what_stands_so(desk: Desk) -> None:
    await _asked(desk)
    await start(desk.services, "other", "ann", {}, "another intent")
    for params, kinds in (
        ({"kind": "count"}, {"count"}),
        ({"status": "waiting"}, {"count", "other"}),
        ({"status": "failed"}, set()),
    ):
        found = (await desk.call("GET", "/operations", by="ann", params=params)).json()["items"]
        assert {each["kind"] for each in found} == kinds
    wrong = await desk.call("GET", "/operations", by="ann", params={"status": "asleep"})
    assert (wrong.status_code, code_of(wrong)) == (422, "invalid")


async def test_a_cursor_is_of_its_filters(desk: Desk) -> None:
    for number in range(2):
        await _asked(desk, f"ann-{number}")
    first = await desk.call("GET", "/operations", params={"limit": 1})
    answer = await desk.call("GET", "/operations", params={"cursor": first.json()["next"], "kind": "count"})
    assert (answer.status_code, code_of(answer)) == (400, "bad-cursor")
