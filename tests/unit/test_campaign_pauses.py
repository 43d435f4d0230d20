"""Pause, resume and cancel: at once, for those on their way too; nobody is lost, nobody comes in twice."""

from __future__ import annotations

from contextlib import suppress

import pytest
from campaign_kit import CAMPAIGN, SEGMENTS, Clinic, campaign, journey
from crash_kit import Crash, fragile
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import Rejected
from shared.fhir.instants import HOUR, MINUTE, parse_instant
from shared.usecases.campaigns.documents import active, parked
from shared.usecases.campaigns.moves import find

LOCAL = {"start": "2026-03-03T10:00", "zone": "patient"}


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


async def on_and_on(clinic: Clinic, minutes: int = 6) -> None:
    for _ in range(minutes):
        await clinic.tick()
        await clinic.works()
        clinic.clock.passes(MINUTE)


async def test_a_pause_holds_back_those_who_are_on_the_queue_already(clinic: Clinic) -> None:
    await clinic.publishes(*SEGMENTS, journey(), campaign())
    names = await clinic.has(4)
    await clinic.starts()
    await clinic.tick()
    await clinic.works(1)
    await clinic.moves("pause")
    await on_and_on(clinic)
    assert len(await clinic.inside(names)) == 1
    await clinic.moves("resume")
    await on_and_on(clinic)
    assert [await clinic.entries(name) for name in names] == [1, 1, 1, 1]
    state = await clinic.state()
    assert state.status == "done"
    assert await parked(clinic.services.documents, state.runs[0].run) == ()
    assert await active(clinic.services.documents) == ()


async def test_a_pause_stops_between_two_batches_of_the_pace(clinic: Clinic) -> None:
    await clinic.publishes(*SEGMENTS, journey(), campaign(pace={"per_hour": 2}))
    names = await clinic.has(4)
    await clinic.starts()
    await on_and_on(clinic)
    await clinic.moves("pause")
    clinic.clock.passes(5 * HOUR)
    await on_and_on(clinic)
    assert await clinic.inside(names) == names[:2]
    await clinic.moves("resume")
    await on_and_on(clinic)
    assert await clinic.inside(names) == names


async def test_who_waits_for_their_own_clock_stands_still_with_the_campaign(clinic: Clinic) -> None:
    await clinic.publishes(*SEGMENTS, journey(), campaign(schedule=LOCAL))
    (name,) = await clinic.has(1)
    await clinic.starts()
    clinic.clock.at = parse_instant("2026-03-02T20:00:00Z")
    await on_and_on(clinic)
    await clinic.moves("pause")
    await on_and_on(clinic)
    held = await clinic.enrolment(name)
    assert held is not None
    assert (held.status, held.held, held.step) == ("on-hold", "staff", "@scheduled")
    await clinic.moves("resume")
    await on_and_on(clinic)
    held = await clinic.enrolment(name)
    assert held is not None
    assert (held.status, held.due) == ("active", parse_instant("2026-03-03T10:00:00Z"))


async def test_whom_staff_have_paused_stays_so_when_the_campaign_is_resumed(clinic: Clinic) -> None:
    from shared.events import EnrolmentAsked

    await clinic.publishes(*SEGMENTS, journey(), campaign(schedule=LOCAL))
    (name,) = await clinic.has(1)
    await clinic.starts()
    clinic.clock.at = parse_instant("2026-03-02T20:00:00Z")
    await on_and_on(clinic)
    held = await clinic.enrolment(name)
    assert held is not None
    await clinic.happens(name, EnrolmentAsked(held.enrolment_id, "pause", "nurse", "asks for a call"))
    await clinic.moves("pause")
    await on_and_on(clinic)
    await clinic.moves("resume")
    await on_and_on(clinic)
    held = await clinic.enrolment(name)
    assert held is not None
    assert held.status == "on-hold"


async def test_cancelling_lets_those_who_have_begun_finish_and_nobody_else_begin(clinic: Clinic) -> None:
    """One waits at the journey's gate, one is past it, one has not been asked."""
    await clinic.publishes(*SEGMENTS, journey(limits={"in_all": 1}), campaign(pace={"per_hour": 2}))
    names = await clinic.has(3)
    await clinic.starts()
    await on_and_on(clinic)
    await clinic.lets_in()
    assert await clinic.inside(names) == names[:2]
    await clinic.moves("cancel")
    await on_and_on(clinic)
    assert await clinic.inside(names) == names[:1]
    clinic.clock.passes(2 * HOUR)
    await on_and_on(clinic)
    assert await clinic.inside(names) == names[:1]
    assert await active(clinic.services.documents) == ()


async def test_cancelling_makes_everybody_leave_where_the_definition_says_so(clinic: Clinic) -> None:
    """Those of earlier runs too; who came into the journey otherwise stays."""
    rule = {"start": "2026-03-02T09:00", "rrule": "FREQ=DAILY"}
    await clinic.publishes(*SEGMENTS, journey(), campaign(schedule=rule, on_cancel="leave"))
    names = await clinic.has(2)
    await clinic.starts()
    await on_and_on(clinic)
    clinic.clock.passes(24 * HOUR)
    await clinic.registers("late")
    await clinic.enters_otherwise("late")
    await on_and_on(clinic)
    assert len((await clinic.state()).runs) == 2
    await clinic.moves("cancel")
    await on_and_on(clinic)
    assert await clinic.inside([*names, "late"]) == ["late"]
    assert await active(clinic.services.documents) == ()


async def test_who_was_just_coming_in_is_found_the_second_time(clinic: Clinic) -> None:
    """Their turn was carried out while the campaign was cancelled: the roster did not show them yet."""
    await clinic.publishes(*SEGMENTS, journey(), campaign(on_cancel="leave"))
    (name,) = await clinic.has(1)
    await clinic.starts()
    await clinic.tick()
    run = (await clinic.state()).runs[0].run
    await clinic.moves("cancel")
    await clinic.tick()
    from shared.events import EnrolAsked

    await clinic.happens(
        name, EnrolAsked(campaign().body["journey"], run, "in flight", results={"@campaign": run})
    )
    assert await clinic.inside([name]) == [name]
    await on_and_on(clinic)
    assert await clinic.inside([name]) == []


async def test_a_campaign_that_nobody_published_is_told(clinic: Clinic) -> None:
    with pytest.raises(Rejected, match="no campaign urn:x is published"):
        await find(clinic.services, "urn:x")
    with pytest.raises(Rejected, match="no campaign"):
        await clinic.moves("submit")
    assert CAMPAIGN not in [await clinic.state()]


moves = st.sampled_from(["pause", "resume", "tick", "work", "crash", "die-working", "hour"])


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(moves, st.integers(1, 40)), max_size=14), st.integers(1, 6), st.booleans())
async def test_pauses_and_crashes_lose_nobody_and_bring_nobody_in_twice(
    happenings: list[tuple[str, int]], count: int, paced: bool
) -> None:
    clinic = Clinic()
    await clinic.publishes(*SEGMENTS, journey(), campaign(**({"pace": {"per_hour": 2}} if paced else {})))
    names = await clinic.has(count)
    await clinic.starts()
    for what, number in happenings:
        before = len(await clinic.inside(names))
        paused = (await clinic.state()).status == "paused"
        with suppress(Crash, Rejected):
            match what:
                case "pause" | "resume":
                    await clinic.moves(what)
                case "tick":
                    await clinic.tick()
                case "work":
                    await clinic.works(number)
                case "crash":
                    await clinic.tick(fragile(clinic.services, number))
                case "die-working":
                    await clinic.works(number, fragile(clinic.services, number))
                case "hour":
                    clinic.clock.passes(HOUR)
        if paused:
            assert len(await clinic.inside(names)) == before
        assert all([await clinic.entries(name) <= 1 for name in names])
    with suppress(Rejected):
        await clinic.moves("resume")
    for _ in range(count + 3):
        await on_and_on(clinic, 4)
        clinic.clock.passes(HOUR)
    assert [await clinic.entries(name) for name in names] == [1] * count
    assert (await clinic.state()).status == "done"
    assert await active(clinic.services.documents) == ()
