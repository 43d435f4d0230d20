"""The audit trail by the admin API: for auditors, listed the latest first, verified and exported."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from shared.access.chain import LANES
from shared.access.roles import Role
from shared.adapters.memory import MemoryQueue
from shared.adapters.memory_trail import MemoryLanes
from shared.adapters.trail_rows import mark_row
from shared.fhir.instants import DAY, HOUR, iso
from shared.patient.record import patient_key
from shared.ports.trail import AuditEntry
from shared.queues import OPERATIONS
from shared.usecases.jobs import Operate, decode_job
from shared.usecases.operations.kinds import does
from shared.usecases.operations.running import carry_on
from shared.usecases.trail.checkpoint import checkpoint
from tests.admin.admin_kit import Desk, code_of
from tests.unit.memory_kit import person, server
from tests.unit.trail_tampering import TAMPERINGS, Rows

AUDITOR = Role.AUDITOR
ANNA, BEN = patient_key("anna"), patient_key("ben")


async def leave(desk: Desk, count: int = 20, **changes: Any) -> None:
    """Leave entries an hour apart: of two patients, by three people."""
    for number in range(count):
        entry = AuditEntry(
            at=desk.clock.now(),
            request=f"request-{number}",
            operation="getPatient",
            kind="read",
            outcome="done",
            by=f"u{number % 3}",
            patient=(ANNA, BEN)[number % 2],
            glass=number % 5 == 0,
        )
        await desk.trail.append(replace(entry, **changes))
        desk.clock.passes(HOUR)


async def everything(desk: Desk, **params: Any) -> list[dict[str, Any]]:
    """Read all pages of the list, but for what reading itself leaves."""
    items: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(100):
        asked = {"limit": 3, **params, "cursor": cursor}
        answer = await desk.call("GET", "/audit", AUDITOR, by="auditor", params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += [item for item in page["items"] if item["operation"] != "listAudit"]
        cursor = page["next"]
        if not cursor:
            return items
    raise AssertionError("the list does not end")


async def worked(desk: Desk, path: str) -> dict[str, Any]:
    """Start long work and do it; how it ended."""
    answer = await desk.call("POST", path, AUDITOR, by="auditor")
    assert answer.status_code == 202, answer.text
    queue = desk.services.queue
    assert isinstance(queue, MemoryQueue)
    job = decode_job(queue.take(OPERATIONS).body)
    assert isinstance(job, Operate)
    await carry_on(desk.services, job, does)
    state = await desk.call("GET", f"/operations/{job.operation}", AUDITOR, by="auditor")
    found: dict[str, Any] = state.json()
    return found


@pytest.mark.parametrize("role", [role for role in Role if role != AUDITOR])
async def test_only_auditors_read_it_and_who_tried_is_noted(desk: Desk, role: Role) -> None:
    answer = await desk.call("GET", "/audit", role, by="curious")
    assert (answer.status_code, code_of(answer)) == (403, "forbidden")
    (entry,) = desk.noted
    assert (entry.operation, entry.outcome, entry.by) == ("listAudit", "refused", "curious")


async def test_the_list_is_by_time_the_latest_first_and_each_entry_is_there_once(desk: Desk) -> None:
    await leave(desk)
    items = await everything(desk)
    assert [item["at"] for item in items] == sorted((item["at"] for item in items), reverse=True)
    assert sorted(item["request"] for item in items) == sorted(f"request-{n}" for n in range(20))
    assert all(item["genuine"] for item in items)


async def test_entries_of_one_instant_are_each_there_once(desk: Desk) -> None:
    now = desk.clock.now()
    await leave(desk, 30, at=now)
    items = await everything(desk, limit=4)
    assert len({item["request"] for item in items}) == len(items) == 30


async def test_a_page_goes_on_where_the_last_one_ended_whatever_is_appended_meanwhile(desk: Desk) -> None:
    await leave(desk, 6)
    params = {"limit": 4}
    first = (await desk.call("GET", "/audit", AUDITOR, params=params)).json()
    await leave(desk, 10)
    params = {"limit": 4, "cursor": first["next"]}
    second = (await desk.call("GET", "/audit", AUDITOR, params=params)).json()
    shown = [item["request"] for item in (*first["items"], *second["items"]) if item["request"][0] == "r"]
    assert shown == [f"request-{n}" for n in (5, 4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({"patient": ANNA}, range(0, 20, 2)),
        ({"by": "u1"}, range(1, 20, 3)),
        ({"patient": BEN, "by": "u1"}, (1, 7, 13, 19)),
        ({"glass": "true"}, (0, 5, 10, 15)),
        ({"glass": "false", "patient": ANNA}, (2, 4, 6, 8, 12, 14, 16, 18)),
        ({"operation": "getPatient", "outcome": "done", "by": "u0"}, range(0, 20, 3)),
        ({"operation": "other"}, ()),
        ({"outcome": "refused"}, ()),
        ({"by": "' or 1 eq 1"}, ()),
    ],
)
async def test_filters(desk: Desk, asked: dict[str, str], numbers: range) -> None:
    await leave(desk)
    found = await everything(desk, **asked)
    assert [item["request"] for item in found] == [f"request-{n}" for n in sorted(numbers, reverse=True)]


async def test_a_span_of_time(desk: Desk) -> None:
    begun = desk.clock.now()
    await leave(desk)
    found = await everything(desk, since=iso(begun + 3 * HOUR), until=iso(begun + 6 * HOUR))
    assert [item["request"] for item in found] == ["request-5", "request-4", "request-3"]
    answer = await desk.call("GET", "/audit", AUDITOR, params={"since": "yesterday"})
    assert (answer.status_code, code_of(answer)) == (422, "bad-instant")


@pytest.mark.parametrize("cursor", ["x", "W10=", "eyJ9", "WyIiLCAiMTp4Il0="])
async def test_a_cursor_of_somebody_else_is_refused(desk: Desk, cursor: str) -> None:
    answer = await desk.call("GET", "/audit", AUDITOR, params={"cursor": cursor})
    assert (answer.status_code, code_of(answer)) == (400, "bad-cursor")


async def test_a_cursor_goes_with_its_filters(desk: Desk) -> None:
    await leave(desk)
    page = (await desk.call("GET", "/audit", AUDITOR, params={"limit": 2})).json()
    answer = await desk.call("GET", "/audit", AUDITOR, params={"cursor": page["next"], "by": "u1"})
    assert code_of(answer) == "bad-cursor"


async def test_a_page_reads_as_many_rows_of_a_long_trail_as_of_a_short_one(desk: Desk) -> None:
    lanes = desk.trail._rows
    assert isinstance(lanes, MemoryLanes)
    asked, read, most = lanes.range, list[int](), list[int]()

    async def counted(lane: int, beyond: str, upto: str, limit: int) -> Any:
        found = await asked(lane, beyond, upto, limit)
        read.append(len(found))
        return found

    lanes.range = counted  # type: ignore[method-assign]
    for params in ({"limit": 20}, {"limit": 20, "patient": ANNA}, {"limit": 20, "operation": "other"}):
        for count in (300, 3000):
            await asyncio.gather(*(desk.trail.append(_one(desk, number)) for number in range(count)))
            read.clear()
            await desk.call("GET", "/audit", AUDITOR, params=params)
            most.append(sum(read))
    assert max(most[:4]) <= 20 + 2 * 8 * 16
    assert max(most[4:]) <= 2000 + 2 * 8 * 250


def _one(desk: Desk, number: int) -> AuditEntry:
    now = desk.clock.now()
    return AuditEntry(now, f"request-{number}", "getPatient", "read", "done", f"u{number % 3}", patient=ANNA)


def _heads(rows: Rows) -> int:
    return sum(row == mark_row("head") for _, row in rows)


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda each: each.__name__)
async def test_a_tampered_trail_is_still_listed(desk: Desk, tamper: Callable[[Rows, Random], None]) -> None:
    """Unless a lane has no head any more, and the reading itself would have to be noted in that very lane."""
    await leave(desk, 16)
    await desk.call("POST", "/audit/verify", AUDITOR)
    await checkpoint(desk.services)
    lanes = desk.trail._rows
    assert isinstance(lanes, MemoryLanes)
    before = dict(lanes.rows)
    for seed in range(12):
        lanes.rows = dict(before)
        tamper(lanes.rows, Random(seed))  # type: ignore[arg-type]
        for params in ({}, {"patient": ANNA}, {"by": "u1"}, {"outcome": "refused"}):
            answer = await desk.call("GET", "/audit", AUDITOR, params={"limit": 100, **params})
            headless = _heads(lanes.rows) < _heads(before)
            assert answer.status_code == 200 or (headless and answer.status_code == 503), answer.text


async def test_an_entry_that_something_else_was_written_over_is_shown_as_such(desk: Desk) -> None:
    await leave(desk, 3)
    lanes = desk.trail._rows
    assert isinstance(lanes, MemoryLanes)
    for place in [place for place in lanes.rows if place[1].startswith("e-")]:
        lanes.rows[place] = {**lanes.rows[place], "body": b"nothing"}
    page = (await desk.call("GET", "/audit", AUDITOR, params={"limit": 100})).json()
    unreadable = [item for item in page["items"] if not item["genuine"]]
    assert len(unreadable) == 3
    assert {item["why"] for item in unreadable} == {
        "this entry cannot be read: something else was written over it"
    }


async def test_reading_it_is_noted_with_whom_it_was_asked_about(desk: Desk) -> None:
    await desk.call("GET", "/audit", AUDITOR, by="auditor", params={"patient": ANNA, "by": "u1"})
    (entry,) = desk.noted
    assert (entry.operation, entry.by, entry.patient, entry.about) == (
        "listAudit",
        "auditor",
        ANNA,
        ("by u1",),
    )


async def test_a_sound_trail_is_proven(desk: Desk) -> None:
    await leave(desk)
    state = await worked(desk, "/audit/verify")
    assert (state["status"], state["result"]["sound"]) == ("succeeded", True), state
    assert state["result"]["entries"] == 22
    assert [entry.outcome for entry in desk.noted if entry.operation == "verifyAudit"] == ["begun", "done"]
    assert len([entry for entry in desk.noted if entry.operation == "checkpoint"]) >= LANES


async def test_an_export_writes_what_is_new(desk: Desk) -> None:
    await server(desk.services).update(person("anna"))
    await leave(desk)
    first = await worked(desk, "/audit/export")
    assert first["result"] == {"written": 22}
    desk.clock.passes(DAY)
    await leave(desk, 3)
    again = await worked(desk, "/audit/export")
    assert again["result"] == {"written": 5}
    events = [each async for each in desk.services.fhir.search("AuditEvent", {})]
    assert len(events) == 27 + 1
    verified = await worked(desk, "/audit/verify")
    assert (verified["result"]["sound"], verified["result"]["fhir"]) == (True, "agrees")
