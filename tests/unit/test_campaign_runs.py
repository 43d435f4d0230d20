"""Runs of campaigns: whom they bring in, how fast, who is left out; no crash brings anybody in twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from campaign_kit import ADULT, CANONICAL, DUE, FEMALE, JOURNEY, SEGMENTS, START, Clinic, campaign, journey
from crash_kit import Crash, fragile
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.catalogue import Document
from shared.fhir.instants import DAY, HOUR, MINUTE, parse_instant
from shared.journey.campaign_moves import RunRef
from shared.usecases.campaigns.documents import Run, load_run, refusals
from shared.usecases.jobs import EnrolFor


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


async def latest(clinic: Clinic) -> Run:
    ref: RunRef = (await clinic.state()).runs[-1]
    return (await load_run(clinic.services.documents, ref, CANONICAL))[0]


async def all_of(found: AsyncIterator[str]) -> list[str]:
    return [each async for each in found]


async def test_everybody_of_the_audience_is_brought_in_once_and_it_is_done(clinic: Clinic) -> None:
    await clinic.publishes(*SEGMENTS, journey(), campaign())
    names = await clinic.has(5)
    await clinic.starts()
    assert await clinic.tick() == 5
    await clinic.works()
    assert await clinic.inside(names) == names
    held = await clinic.enrolment(names[0])
    run = (await clinic.state()).runs[0].run
    assert held is not None
    assert (held.cause, held.results["@campaign"], held.reason) == (run, run, "campaign Influenza")
    assert [await clinic.tick() for _ in range(3)] == [0, 0, 0]
    assert (await clinic.state()).status == "done"
    assert [move.by for move in (await clinic.state()).moves] == ["ana", "ben", "ana", "hearthline"]


async def test_before_its_time_nobody_is_asked(clinic: Clinic) -> None:
    await clinic.publishes(*SEGMENTS, journey(), campaign(schedule={"start": "2026-03-02T10:00"}))
    await clinic.has(2)
    await clinic.starts()
    assert await clinic.tick() == 0
    clinic.clock.passes(HOUR)
    assert await clinic.tick() == 2


async def test_who_is_not_meant_is_left_out_and_counted_by_the_reason(clinic: Clinic) -> None:
    await clinic.publishes(*SEGMENTS, journey(), campaign(audience={"in": [DUE, ADULT], "not_in": [FEMALE]}))
    await clinic.registers("child", birthDate="2020-01-01", gender="male")
    await clinic.registers("woman")
    await clinic.registers("man", gender="male")
    await clinic.starts()
    assert await clinic.tick() == 1
    await clinic.works()
    assert await clinic.inside(["child", "woman", "man"]) == ["man"]
    assert (await latest(clinic)).skipped == {"not in adult": 1, "in female": 1}


async def test_whom_the_journey_does_not_let_in_is_noted_with_the_reason(clinic: Clinic) -> None:
    await clinic.publishes(*SEGMENTS, journey(audience={"in": [ADULT]}), campaign())
    names = await clinic.has(2)
    await clinic.enters_otherwise(names[0])
    await clinic.registers("child", birthDate="2020-01-01")
    await clinic.starts()
    assert await clinic.tick() == 1
    left_out = {"has been in the journey before": 1, "not in segment adult": 1}
    assert (await latest(clinic)).skipped == left_out


async def test_what_changes_between_the_turn_and_the_entry_is_noted_with_the_reason(clinic: Clinic) -> None:
    await clinic.publishes(*SEGMENTS, journey(), campaign())
    names = await clinic.has(2)
    await clinic.starts()
    assert await clinic.tick() == 2
    await clinic.registers(names[0], "2", deceasedBoolean=True)
    await clinic.enters_otherwise(names[1])
    await clinic.works()
    run = (await clinic.state()).runs[0].run
    found = await all_of(refusals(clinic.services.documents, run))
    assert sorted(found) == ["has been in the journey before", "the patient has died"]


async def test_whom_the_journey_does_not_let_in_takes_no_place_of_the_pace(clinic: Clinic) -> None:
    await clinic.publishes(*SEGMENTS, journey(audience={"in": [FEMALE]}), campaign(pace={"in_all": 2}))
    for n in range(30):
        await clinic.registers(f"m{n}", gender="male")
    women = [f"w{n}" for n in range(3)]
    for name in women:
        await clinic.registers(name)
    await clinic.starts()
    assert [await clinic.tick() for _ in range(2)] == [2, 0]
    await clinic.works()
    assert len(await clinic.inside(women)) == 2


async def test_as_many_an_hour_as_the_pace_says_in_the_order_of_keys(clinic: Clinic) -> None:
    await clinic.publishes(*SEGMENTS, journey(), campaign(pace={"per_hour": 2}))
    names = await clinic.has(5)
    await clinic.starts()
    for expected in (2, 0, 4, 4, 5):
        await clinic.tick()
        await clinic.works()
        assert await clinic.inside(names) == names[: max(expected, len(await clinic.inside(names)))]
        clinic.clock.passes(30 * MINUTE)
    assert await clinic.inside(names) == names[:5]


async def test_those_left_out_take_no_place_of_the_pace(clinic: Clinic) -> None:
    await clinic.publishes(
        *SEGMENTS, journey(), campaign(pace={"per_hour": 2}, audience={"in": [DUE, FEMALE]})
    )
    men = await clinic.has(6, gender="male")
    women = [f"w{n}" for n in range(3)]
    for name in women:
        await clinic.registers(name)
    await clinic.starts()
    assert await clinic.tick() == 2
    await clinic.works()
    assert len(await clinic.inside(women)) == 2
    assert await clinic.inside(men) == []


async def test_the_limit_in_all_ends_a_run(clinic: Clinic) -> None:
    await clinic.publishes(*SEGMENTS, journey(), campaign(pace={"in_all": 3}))
    names = await clinic.has(5)
    await clinic.starts()
    assert [await clinic.tick() for _ in range(3)] == [3, 0, 0]
    await clinic.works()
    assert await clinic.inside(names) == names[:3]
    assert (await clinic.state()).status == "done"


async def test_it_comes_again_by_its_rule_and_the_same_people_enter_again(clinic: Clinic) -> None:
    rule = {"start": "2026-03-01T09:00", "rrule": "FREQ=WEEKLY;BYDAY=MO", "until": "2026-03-16T09:00"}
    await clinic.publishes(*SEGMENTS, journey(), campaign(schedule=rule))
    (name,) = await clinic.has(1)
    await clinic.starts()
    seen = []
    for _ in range(22):
        await clinic.tick()
        await clinic.works()
        seen.append(await clinic.entries(name))
        if await clinic.enrolment(name) is not None:
            await clinic.leaves(name)
        clinic.clock.passes(DAY)
    assert (seen[0], seen[6], seen[7], seen[14], seen[21]) == (1, 1, 2, 3, 3)
    state = await clinic.state()
    assert state.status == "done"
    assert [ref.occurrence.name for ref in state.runs] == [
        "2026-03-02T09:00",
        "2026-03-09T09:00",
        "2026-03-16T09:00",
    ]


async def test_a_slow_run_ends_before_the_next_begins_and_one_that_was_missed_is_made_up_for(
    clinic: Clinic,
) -> None:
    rule = {"start": "2026-03-01T09:00", "rrule": "FREQ=DAILY"}
    await clinic.publishes(*SEGMENTS, journey(), campaign(schedule=rule, pace={"per_day": 1}))
    await clinic.has(3)
    await clinic.starts()
    begun = []
    for _ in range(8):
        await clinic.tick()
        begun.append((await clinic.state()).runs[-1].occurrence.name[8:10])
        clinic.clock.passes(DAY)
    assert begun == ["02", "02", "02", "05", "05", "05", "08", "08"]


async def test_by_the_patients_clock_each_waits_for_their_own(clinic: Clinic) -> None:
    when = {"start": "2026-03-03T10:00", "zone": "patient"}
    await clinic.publishes(*SEGMENTS, journey(), campaign(schedule=when))
    (name,) = await clinic.has(1)
    await clinic.starts()
    clinic.clock.at = parse_instant("2026-03-02T19:59:00Z")
    assert await clinic.tick() == 0
    clinic.clock.at = parse_instant("2026-03-02T20:00:00Z")
    assert await clinic.tick() == 1
    await clinic.works()
    held = await clinic.enrolment(name)
    assert held is not None
    assert (held.step, held.due) == ("@scheduled", parse_instant("2026-03-03T10:00:00Z"))


async def test_a_static_list_with_ids_and_identifiers(clinic: Clinic) -> None:
    url = "https://hearthline.example/lists/flu"
    body = {"url": url, "version": "1", "title": "Flu", "members": ["p1", "urn:mrn|7", "nobody"]}
    people = Document("list", "flu.csv", body)
    await clinic.publishes(*SEGMENTS, journey(), people, campaign(audience={"in": [url], "not_in": []}))
    await clinic.has(3)
    await clinic.registers("p9", identifier=[{"system": "urn:mrn", "value": "7"}])
    await clinic.starts()
    assert await clinic.tick() == 2
    await clinic.works()
    assert await clinic.inside(["p0", "p1", "p2", "p9"]) == ["p1", "p9"]
    assert (await latest(clinic)).skipped == {"not known here": 1}


async def test_no_more_invitations_than_free_slots_whoever_invited_them(clinic: Clinic) -> None:
    capacity = {"capacity": {"schedule": ["Schedule/1"]}}
    await clinic.publishes(*SEGMENTS, journey(), campaign(pace=capacity))
    names = await clinic.has(6)
    for n in range(3):
        body = {"id": f"s{n}", "status": "free", "start": "2026-03-10T10:00:00Z"}
        await clinic.services.fhir.update(
            {"resourceType": "Slot", "schedule": {"reference": "Schedule/1"}, **body}
        )
    await clinic.enters_otherwise(names[5])
    await clinic.starts()
    assert [await clinic.tick() for _ in range(3)] == [2, 0, 0]
    await clinic.works()
    assert await clinic.tick() == 0
    await clinic.leaves(names[0])
    assert await clinic.tick() == 1
    await clinic.works()
    assert await clinic.inside(names) == [names[1], names[2], names[5]]


async def test_who_is_refused_holds_no_slot(clinic: Clinic) -> None:
    capacity = {"capacity": {"schedule": ["Schedule/1"]}}
    await clinic.publishes(*SEGMENTS, journey(audience={"in": [FEMALE]}), campaign(pace=capacity))
    names = await clinic.has(3)
    await clinic.registers(names[0], "2", gender="male")
    body = {"id": "s", "status": "free", "start": "2026-03-10T10:00:00Z"}
    await clinic.services.fhir.update(
        {"resourceType": "Slot", "schedule": {"reference": "Schedule/1"}, **body}
    )
    await clinic.starts()
    for _ in range(3):
        assert await clinic.tick() <= 1
        await clinic.works()
    assert await clinic.inside(names) == [names[1]]


async def test_a_paused_journey_takes_nobody_and_keeps_everybodys_turn(clinic: Clinic) -> None:
    from shared.usecases.controls import pause_journey, resume_journey

    await clinic.publishes(*SEGMENTS, journey(), campaign())
    await clinic.has(2)
    await clinic.starts()
    await pause_journey(clinic.services, JOURNEY, "ana", "a mistake")
    assert await clinic.tick() == 0
    await resume_journey(clinic.services, JOURNEY, "ana", "mended")
    assert await clinic.tick() == 2


async def test_a_job_that_comes_again_much_later_brings_nobody_in_twice(clinic: Clinic) -> None:
    """They were in it, left, were brought in by somebody else, and left that too."""
    await clinic.publishes(*SEGMENTS, journey(), campaign())
    (name,) = await clinic.has(1)
    await clinic.starts()
    await clinic.tick()
    await clinic.works()
    await clinic.leaves(name)
    await clinic.enters_otherwise(name)
    await clinic.leaves(name)
    run = (await clinic.state()).runs[0].run
    from shared.patient.record import patient_key
    from shared.usecases.campaigns.entry import enrol_for
    from shared.usecases.react import Trigger

    await enrol_for(clinic.services, EnrolFor(run, patient_key(name)), Trigger("test", 2))
    assert await clinic.entries(name) == 2


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 45), st.integers(0, 12), st.integers(1, 60)), max_size=8),
    st.sampled_from([None, {"per_hour": 2}, {"per_hour": 1, "in_all": 4}]),
    st.integers(1, 7),
)
async def test_whatever_crashes_and_whenever_everybody_comes_in_exactly_once(
    crashes: list[tuple[int, int, int]], pace: dict[str, int] | None, count: int
) -> None:
    """A timer dies at any call, and so does the queue's worker; some work is done in between."""
    clinic = Clinic()
    await clinic.publishes(*SEGMENTS, journey(), campaign(**({"pace": pace} if pace else {})))
    names = await clinic.has(count)
    await clinic.starts()
    for calls, work, in_entry in crashes:
        with suppress(Crash):
            await clinic.tick(fragile(clinic.services, calls))
        with suppress(Crash):
            await clinic.works(work, fragile(clinic.services, in_entry))
        clinic.clock.passes(MINUTE)
        inside = len(await clinic.inside(names))
        assert pace is None or inside <= pace["per_hour"]
    for _ in range(3 * count + 3):
        clinic.clock.passes(HOUR)
        await clinic.tick()
        await clinic.works()
    wanted = names[: pace.get("in_all", count) if pace else count]
    assert [await clinic.entries(name) for name in names] == [int(name in wanted) for name in names]
    assert (await clinic.state()).status == "done"
    assert START.startswith("2026")
