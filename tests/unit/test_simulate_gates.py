"""Gates in a dry run: as many are let in as the pace, its hours and the free slots allow, in their order."""

from __future__ import annotations

from datetime import UTC

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.usecases.simulation.slots import read_slot
from tests.unit.simulation_kit import journey, patient, people, plan, reported


@given(per_day=st.integers(1, 6), count=st.integers(1, 25), days=st.integers(1, 12))
@settings(max_examples=25, deadline=None)
def test_never_more_are_let_in_than_the_pace_allows(per_day: int, count: int, days: int) -> None:
    paced = journey(limits={"per_day": per_day}, trigger={"manual": True})
    wanted = plan(paced, enrol="everybody", length=f"P{days}D")
    told = reported(wanted, people(count)).journeys[0]
    assert told.asked == count
    assert told.entered + told.waiting_at_end == count
    assert told.entered == min(count, per_day * days)
    assert all(each <= per_day for each in told.entered_by_day.values())


def test_hours_hold_back_until_they_open() -> None:
    hours = {"days": ["tue"], "from": "10:00", "until": "11:00"}
    made = reported(plan(journey(limits={"hours": hours})), people(3))
    assert made.journeys[0].entered_by_day == {"2026-03-03": 3}
    assert made.sent_by_hour["10"]["sms"] == 3


def test_open_invitations_hold_places_until_they_end() -> None:
    """Two slots; everybody says yes after two hours, which makes room for the next two."""
    paced = journey(limits={"capacity": {"service_type": ["x"]}})
    supposed = {"delivered": "1", "answered:yes": "1", "slots": "2"}
    made = reported(plan(paced, assume=supposed, length="PT5H"), people(9))
    told = made.journeys[0]
    assert (told.by_slots, told.entered, told.waiting_at_end) == (True, 6, 3)
    assert max(made.sent_by_hour) == "13"


def test_slots_of_the_data_set_the_pace() -> None:
    slots = [
        {
            "resourceType": "Slot",
            "status": "free",
            "start": f"2026-03-{day:02}T10:00:00Z",
            "serviceType": kinds,
        }
        for day, kinds in ((3, [{"coding": [{"code": "x"}]}]), (4, [{"coding": [{"code": "y"}]}]), (30, []))
    ]
    free = tuple(slot for each in slots if (slot := read_slot(each, UTC)) is not None)
    paced = journey(limits={"capacity": {"service_type": ["x"], "within": "P7D"}})
    assert reported(plan(paced, slots=free, length="P1D"), people(3)).journeys[0].entered == 1


def test_whoever_dies_at_the_gate_takes_nobodys_place() -> None:
    paced = journey(limits={"per_day": 1})
    crowd = [patient(1), patient(2, deceasedDateTime="2026-03-02T12:00:00Z"), patient(3)]
    told = reported(plan(paced, length="P2D"), crowd, "dated").journeys[0]
    assert (told.asked, told.entered_by_day) == (3, {"2026-03-02": 1, "2026-03-03": 1})
