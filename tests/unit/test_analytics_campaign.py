"""Figures of a campaign that really ran, and of a segment whose members really came and went."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from shared.events import WakeupDue
from shared.fhir.instants import DAY, Instant
from shared.usecases.analytics.asking import Period
from shared.usecases.analytics.campaign import campaign_funnel
from shared.usecases.analytics.funnel import journey_funnel
from shared.usecases.analytics.segments import segment_overlap, segment_trend
from tests.unit.analytics_kit import memory_log
from tests.unit.campaign_kit import ADULT, DUE, FEMALE, JOURNEY, SEGMENTS, Clinic, campaign, journey

SPLIT: dict[str, Any] = {
    "id": "which",
    "kind": "split",
    "ways": [{"name": "a", "weight": 1, "next": "wait"}, {"name": "b", "weight": 1, "next": "wait"}],
}
WAIT = {"id": "wait", "kind": "wait", "duration": "P3D"}


async def _clinic(tmp_path: Path, people: int) -> tuple[Clinic, list[str]]:
    clinic = Clinic()
    clinic.services = replace(clinic.services, happened=memory_log(tmp_path))
    await clinic.publishes(*SEGMENTS, journey(steps=[SPLIT, WAIT]), campaign())
    return clinic, await clinic.has(people)


def _only(rows: list[Mapping[str, Any]], **wanted: str) -> Mapping[str, Any]:
    (found,) = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return found


async def test_a_campaign_is_followed_by_run_and_way(tmp_path: Path) -> None:
    clinic, names = await _clinic(tmp_path, 8)
    await clinic.starts()
    await clinic.tick()
    await clinic.works()
    clinic.clock.passes(3 * DAY)
    for name in names[:5]:
        await clinic.happens(name, WakeupDue(clinic.clock.now()))
    runs = (await clinic.state()).runs
    found = await campaign_funnel(clinic.services, [each.run for each in runs], runs[0].occurrence.begins)
    whole = _only(found.rows, step="")
    assert [whole[name] for name in ("asked", "entered", "completed", "revoked", "sent")] == [8, 8, 5, 0, 0]
    ways = [_only(found.rows, step="which", way=way) for way in "ab"]
    assert sum(row["entered"] for row in ways) == 8
    assert sum(row["completed"] for row in ways) == 5
    period = Period(Instant(found.as_of - 10 * DAY), Instant(found.as_of + 1))
    steps = await journey_funnel(clinic.services, JOURNEY, period)
    wait = _only(steps.rows, step="wait")
    assert (wait["came"], wait["ended"], wait["waiting"]) == (8, 5, 3)
    assert wait["median_seconds"] == 3 * 86_400


async def test_a_trend_counts_back_from_the_members_there_are(tmp_path: Path) -> None:
    clinic, names = await _clinic(tmp_path, 3)
    clinic.clock.passes(DAY)
    await clinic.registers("late")
    clinic.clock.passes(DAY)
    await clinic.registers(names[0], version="2", gender="male")
    now = clinic.clock.now()
    found = await segment_trend(clinic.services, FEMALE, Period(Instant(now - 3 * DAY), Instant(now + 1)))
    told = [(row["day"], row["members"], row["entered"], row["left"]) for row in found.rows]
    assert told == [
        ("2026-03-01", 0, 0, 0),
        ("2026-03-02", 3, 3, 0),
        ("2026-03-03", 4, 1, 0),
        ("2026-03-04", 3, 0, 1),
    ]


async def test_an_overlap_counts_who_is_in_each_and_in_both(tmp_path: Path) -> None:
    clinic, names = await _clinic(tmp_path, 4)
    await clinic.registers(names[0], version="2", gender="male")
    found = await segment_overlap(clinic.services, [DUE, ADULT, FEMALE])
    assert {tuple(row["segments"]): row["members"] for row in found.rows} == {
        (DUE,): 4,
        (ADULT,): 4,
        (FEMALE,): 3,
        (DUE, ADULT): 4,
        (DUE, FEMALE): 3,
        (ADULT, FEMALE): 3,
        (DUE, ADULT, FEMALE): 3,
    }
