"""Figures by the admin API: what is counted, in which format, and what is not told to whom."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest
from msgspec.structs import replace

from functions.admin.shapes import definition_id
from shared.access.roles import READERS, Role
from shared.fhir.instants import DAY, Instant, iso
from tests.admin.admin_kit import Desk, code_of
from tests.unit.analytics_kit import BEGAN, JOURNEY, Passage, lines_of, memory_log
from tests.unit.campaign_kit import CAMPAIGN, DUE, FEMALE, Clinic, campaign, journey
from tests.unit.campaign_kit import SEGMENTS as PUBLISHED

FUNNEL = f"/analytics/journeys/{definition_id('journey', JOURNEY)}/funnel"
GOALS = FUNNEL.replace("/funnel", "/goals")
SPLIT = {
    "id": "which",
    "kind": "split",
    "ways": [
        {"name": "short", "weight": 1, "next": "wait"},
        {"name": "holdout", "weight": 1, "next": "wait"},
    ],
}


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    """Give the API over a clinic whose log is in memory."""
    clinic = Clinic()
    steps = [SPLIT, {"id": "wait", "kind": "wait", "duration": "P3D"}, {"id": "out", "kind": "exit"}]
    await clinic.publishes(
        *PUBLISHED,
        journey(steps=steps, goal={"title": "is female", "any_of": [{"in_segment": FEMALE}]}),
        campaign(),
    )
    return Desk(replace(clinic.services, happened=memory_log(tmp_path)), clinic.clock)


async def _tell(desk: Desk, *passages: Passage) -> None:
    log = desk.services.happened
    assert log is not None
    log.tell(lines_of(list(passages)))
    await log.flush()


async def _rows(desk: Desk, path: str, role: Role = Role.SUPERVISOR, **params: Any) -> list[dict[str, Any]]:
    answer = await desk.call("GET", path, role, params=params)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


def _way(number: int, way: str, *, goal: bool) -> Passage:
    return Passage(number).went("which", way).came("which").came("wait").later(DAY).ended(goal=goal)


async def test_a_funnel_says_who_came_went_on_ended_and_waits(desk: Desk) -> None:
    waits = Passage(1).came("which").came("wait")
    over = Passage(2).came("which").came("wait").later(DAY).came("out").ended()
    await _tell(desk, waits, over)
    rows = await _rows(desk, FUNNEL)
    found = {row["step"]: [row[name] for name in ("came", "went_on", "ended", "waiting")] for row in rows}
    assert found == {"": [2, 0, 1, 1], "which": [2, 2, 0, 0], "wait": [2, 1, 0, 1], "out": [1, 0, 1, 0]}
    assert [row["step"] for row in rows] == ["", "which", "wait", "out"]
    assert next(row["median_seconds"] for row in rows if row["step"] == "wait") == 86400


async def test_who_entered_outside_the_period_is_not_counted(desk: Desk) -> None:
    await _tell(desk, Passage(1).came("wait"), Passage(2, Instant(BEGAN - 5 * DAY)).came("wait"))
    rows = await _rows(desk, FUNNEL, since=iso(Instant(BEGAN - DAY)), until=iso(Instant(BEGAN + DAY)))
    assert {row["came"] for row in rows} == {1}


async def test_goals_are_compared_with_the_holdout(desk: Desk) -> None:
    short = [_way(n, "short", goal=n < 56) for n in range(70)]
    holdout = [_way(100 + n, "holdout", goal=n < 48) for n in range(80)]
    await _tell(desk, *short, *holdout)
    rows = {row["way"]: row for row in await _rows(desk, GOALS)}
    assert (rows["short"]["entered"], rows["short"]["goals"], rows["short"]["against"]) == (70, 56, "holdout")
    # Newcombe 1998, table II, example a: 56/70 less 48/80 by method 10 is 0.0524 to 0.3339
    assert rows["short"]["difference"] == pytest.approx(0.2)
    assert rows["short"]["difference_low"] == pytest.approx(0.0524, abs=5e-5)
    assert rows["short"]["difference_high"] == pytest.approx(0.3339, abs=5e-5)
    assert rows[""]["entered"] == 150


async def test_messages_are_counted_by_whatever_is_asked(desk: Desk) -> None:
    await _tell(
        desk,
        Passage(1).message("sent", "delivered", "clicked"),
        Passage(2).message("sent", "failed", language="es"),
        Passage(3).message("not-sent"),
        Passage(4).message("unknown"),
    )
    (whole,) = await _rows(desk, "/analytics/messages")
    assert [
        whole[n] for n in ("sent", "delivered", "opened", "clicked", "failed", "unknown", "not_sent")
    ] == [
        2,
        1,
        1,
        1,
        1,
        1,
        1,
    ]
    rows = await _rows(desk, "/analytics/messages", by=["language", "hour", "template_version"])
    assert [(r["language"], r["hour"], r["template_version"], r["sent"]) for r in rows] == [
        ("en", 10, "1.0.0", 1),
        ("es", 10, "1.0.0", 1),
    ]
    assert await _rows(desk, "/analytics/messages", by=["channel"], channel="email") == []


async def test_a_campaign_is_counted_by_run_and_way(desk: Desk) -> None:
    await desk.services.definitions.current()
    path = f"/analytics/campaigns/{definition_id('campaign', CAMPAIGN)}/funnel"
    assert await _rows(desk, path) == []


async def test_first_steps_take_time(desk: Desk) -> None:
    await _tell(desk, *(Passage(n).later(n * DAY).came("wait").ended() for n in range(1, 4)))
    rows = await _rows(desk, FUNNEL.replace("/funnel", "/first-step"))
    first = next(row for row in rows if row["until"] == "first-step")
    assert (first["people"], first["p50"]) == (3, 2 * 86400)


async def test_segments_overlap(desk: Desk) -> None:
    ids = [definition_id("segment", url) for url in (DUE, FEMALE)]
    rows = await _rows(desk, "/analytics/segments/overlap", segment=ids)
    assert [(row["segments"], row["members"]) for row in rows] == [([ids[0]], 0), ([ids[1]], 0), (ids, 0)]


async def test_the_trend_of_a_segment_ends_today(desk: Desk) -> None:
    rows = await _rows(desk, f"/analytics/segments/{definition_id('segment', DUE)}/trend")
    assert len(rows) == 31
    assert rows[-1] == {"day": "2026-03-02", "members": 0, "entered": 0, "left": 0, "suppressed": False}


async def test_few_people_are_told_to_those_alone_who_may_see_people(desk: Desk) -> None:
    await _tell(
        desk,
        *(Passage(n).came("wait") for n in range(42)),
        *(_way(90 + n, "short", goal=False) for n in range(4)),
    )
    marketer = {row["step"]: row for row in await _rows(desk, FUNNEL, Role.MARKETER)}
    assert marketer["wait"]["came"] == 45
    assert (marketer["which"]["came"], marketer["which"]["suppressed"]) == (None, True)
    assert marketer["which"]["median_seconds"] is None
    carer = {row["step"]: row for row in await _rows(desk, FUNNEL, Role.AGENT)}
    assert (carer["wait"]["came"], carer["which"]["came"]) == (46, 4)


async def test_shares_are_of_counts_as_they_are_told(desk: Desk) -> None:
    await _tell(desk, *(_way(n, "short", goal=n < 22) for n in range(43)))
    row = next(row for row in await _rows(desk, GOALS, Role.MARKETER) if row["way"] == "short")
    assert (row["entered"], row["goals"], row["rate"]) == (45, 20, pytest.approx(20 / 45))


async def test_figures_are_a_table_for_spreadsheets(desk: Desk) -> None:
    await _tell(desk, Passage(1).came("wait"))
    for choice in ({"params": {"format": "csv"}}, {"headers": {"Accept": "text/csv"}}):
        answer = await desk.call("GET", FUNNEL, Role.SUPERVISOR, **choice)  # type: ignore[arg-type]
        assert answer.headers["content-type"].startswith("text/csv")
        rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
        assert [(row["step"], row["came"], row["as_of"]) for row in rows] == [
            ("", "1", "2026-03-02T09:00:00.000Z"),
            ("wait", "1", "2026-03-02T09:00:00.000Z"),
        ]


async def test_figures_are_a_parquet_file(desk: Desk, tmp_path: Path) -> None:
    await _tell(desk, Passage(1).came("wait"))
    answer = await desk.call("GET", FUNNEL, Role.SUPERVISOR, params={"format": "parquet"})
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    (tmp_path / "funnel.parquet").write_bytes(answer.content)
    found = duckdb.read_parquet(str(tmp_path / "funnel.parquet"))
    assert dict(zip(found.columns, map(str, found.types), strict=True))["came"] == "BIGINT"
    assert [row[1:3] for row in found.order("step").fetchall()] == [("", 1), ("wait", 1)]


@pytest.mark.parametrize("role", sorted(READERS))
async def test_every_reader_reads_figures(desk: Desk, role: Role) -> None:
    answer = (await desk.call("GET", FUNNEL, role)).json()
    assert answer["as_of"] == "2026-03-02T09:00:00.000Z"
    assert answer["filters"] == {"journey": JOURNEY}
    assert answer["rough"] is (role not in ("ClinicalUser", "NonClinicalUser", "Agent", "Supervisor"))


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        (FUNNEL, {"since": "yesterday"}, 422, "bad-instant"),
        (FUNNEL, {"since": "2020-01-01"}, 422, "bad-period"),
        (FUNNEL, {"since": "2026-03-02", "until": "2026-03-01"}, 422, "bad-period"),
        (FUNNEL, {"since": "\x00"}, 400, "not-text"),
        (FUNNEL, {"format": "xlsx"}, 422, "invalid"),
        ("/analytics/messages", {"by": "name; DROP TABLE lines"}, 422, "invalid"),
        ("/analytics/messages", {"template": "0" * 32}, 422, "unknown-template"),
        ("/analytics/segments/overlap", {"segment": ["0" * 32]}, 422, "invalid"),
        ("/analytics/segments/overlap", {"segment": ["x", "y"]}, 422, "unknown-segment"),
        (f"/analytics/journeys/{'0' * 32}/goals", {}, 404, "unknown-journey"),
        ("/analytics/journeys/flu/goals", {}, 422, "invalid"),
    ],
)
async def test_what_cannot_be_answered_is_refused(
    desk: Desk, path: str, params: dict[str, Any], status: int, code: str
) -> None:
    answer = await desk.call("GET", path, params=params)
    assert (answer.status_code, code_of(answer)) == (status, code)


async def test_without_a_log_nothing_is_answered(desk: Desk) -> None:
    desk.services = replace(desk.services, happened=None)
    answer = await desk.call("GET", FUNNEL)
    assert (answer.status_code, code_of(answer)) == (422, "analytics-off")
    rebuilt = await desk.call("POST", "/analytics/rebuild", body={"reason": "after a crash"})
    assert (rebuilt.status_code, code_of(rebuilt)) == (422, "analytics-off")


async def test_to_rebuild_is_long_work_and_noted(desk: Desk) -> None:
    answer = await desk.call("POST", "/analytics/rebuild", body={"reason": "after a crash"})
    assert (answer.status_code, answer.json()["kind"]) == (202, "analytics-rebuild")
    assert [(entry.operation, entry.outcome) for entry in desk.noted] == [
        ("rebuildAnalytics", "begun"),
        ("rebuildAnalytics", "done"),
    ]
