"""Long work that something went wrong with: it goes on, or ends as failed; it never runs for ever."""

from __future__ import annotations

import time
from typing import Any

import pytest
from msgspec.structs import replace

from shared.queues import OPERATIONS
from shared.usecases.jobs import Operate, decode_job
from shared.usecases.operations.resuming import PAGE, STOOD_STILL, TRIES, resume_work
from shared.usecases.operations.running import (
    LONGEST,
    Progress,
    Superseded,
    Works,
    cancel,
    carry_on,
    give_up,
    start,
)
from shared.usecases.operations.written import (
    KEPT,
    STILL,
    LongWork,
    drop_old_work,
    load_work,
    page_of_work,
    save_work,
)
from shared.usecases.services import Services
from tests.admin.admin_kit import Desk


async def _asked(desk: Desk, intent: str = "intent") -> LongWork:
    return await start(desk.services, "count", "ann", {}, intent)


def _waiting(desk: Desk) -> list[Operate]:
    """Take what stands on the queue."""
    letters = desk.services.queue.queues[OPERATIONS]  # type: ignore[attr-defined]
    jobs = [decode_job(letter.body) for letter in letters]
    letters.clear()
    return [job for job in jobs if isinstance(job, Operate)]


async def _state(desk: Desk, work: LongWork) -> LongWork:
    return (await load_work(desk.services.documents, work.operation))[0]


async def _nothing(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
    return {}


async def _do(desk: Desk, work: LongWork, does: Works) -> LongWork:
    await carry_on(desk.services, Operate(work.operation), lambda kind: does)
    return await _state(desk, work)


async def test_cancelled_while_it_waits_it_ends_when_it_is_handed_out(desk: Desk) -> None:
    work = await _asked(desk)
    await cancel(desk.services, work.operation)

    async def never(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
        pytest.fail("it was cancelled")

    assert (await _do(desk, work, never)).status == "cancelled"


async def test_what_was_lost_on_the_way_to_the_queue_is_handed_out_again(desk: Desk) -> None:
    work = await _asked(desk)
    _waiting(desk)
    assert await resume_work(desk.services) == 0
    assert await resume_work(desk.services, time.time() + STILL + 1) == 1
    assert _waiting(desk) == [Operate(work.operation)]


async def test_it_is_found_behind_many_that_came_later(desk: Desk) -> None:
    old = await _asked(desk, "old")
    for number in range(PAGE + 1):
        desk.clock.passes(1)
        await give_up(desk.services, (await _asked(desk, f"later-{number}")).operation)
    _waiting(desk)
    assert await resume_work(desk.services, time.time() + STILL + 1) == 1
    assert _waiting(desk) == [Operate(old.operation)]


async def test_what_stands_still_over_and_over_has_failed(desk: Desk) -> None:
    work = await _asked(desk)

    async def killed(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await _do(desk, work, killed)
    later = time.time()
    for _ in range(TRIES + 1):
        later += STILL + 1
        await resume_work(desk.services, later)
    state = await _state(desk, work)
    assert (state.status, state.problem) == ("failed", STOOD_STILL)
    assert len(_waiting(desk)) == 1 + TRIES


async def test_what_was_given_up_has_failed_and_is_not_begun_again(desk: Desk) -> None:
    work = await _asked(desk)
    await give_up(desk.services, work.operation)
    assert (await _do(desk, work, _nothing)).status == "failed"


async def test_whoever_began_first_stops_once_somebody_else_has_begun(desk: Desk) -> None:
    work = await _asked(desk)
    stopped = False

    async def slow(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
        nonlocal stopped
        await carry_on(services, Operate(work.operation), lambda kind: _nothing)
        try:
            await progress.write()
        except Superseded:
            stopped = True
            raise
        return {"from": "the first"}

    ended = await _do(desk, work, slow)
    assert stopped
    assert (ended.status, ended.result) == ("succeeded", {})


async def test_long_work_with_a_place_goes_on_in_another_message(desk: Desk) -> None:
    work = await _asked(desk)
    _waiting(desk)
    passed = 0.0

    async def walk(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
        nonlocal passed
        slow = Progress(services, work, lambda: passed)
        for number in range(int(work.place or 0), 3):
            passed += LONGEST + 1
            await slow.tell(number + 1, 3, place=str(number + 1))
        return {"walked": 3}

    for place in ("1", "2", "3"):
        state = await _do(desk, work, walk)
        assert (state.status, state.place) == ("running", place)
        assert _waiting(desk) == [Operate(work.operation)]
    assert (await _do(desk, work, walk)).result == {"walked": 3}


async def test_old_work_is_forgotten(desk: Desk) -> None:
    old = await _asked(desk, "old")
    desk.clock.passes(KEPT)
    new = await _asked(desk, "new")
    desk.clock.passes(1)
    assert await drop_old_work(desk.services.documents, desk.clock.now()) == 1
    left = [work.operation for work in await page_of_work(desk.services.documents, "", 10)]
    assert left == [new.operation] != [old.operation]


async def test_it_is_said_that_work_stands_still(desk: Desk) -> None:
    work = await _asked(desk)
    path = f"/operations/{work.operation}"
    assert (await desk.call("GET", path, by="ann")).json()["stands_still"] is False
    held, etag = await load_work(desk.services.documents, work.operation)
    await save_work(desk.services.documents, replace(held, told=time.time() - STILL - 1), etag)
    assert (await desk.call("GET", path, by="ann")).json()["stands_still"] is True
