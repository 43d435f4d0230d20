"""Schedules: the day of every year by whose clock, and what was asked for by the clock where a patient is."""

from __future__ import annotations

from datetime import UTC, date, time
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.errors import AuthorFault
from shared.fhir.fact import Person
from shared.fhir.instants import DAY, Instant, iso, parse_instant, to_datetime
from shared.journey.schedule import NEXT_TIME, SCHEDULED, Schedule, asked_instant, schedule_of, scheduled_step
from shared.journey.steps.base import Ends, Goes, Standing, Waits
from shared.journey.trigger import Trigger
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment

NEW_YORK = ZoneInfo("America/New_York")
START = parse_instant("2026-01-01T15:00:00Z")


def yearly(**date: Any) -> Schedule:
    found = schedule_of(Trigger.model_validate({"date": {"of": "birth-date"} | date}), NEW_YORK)
    assert found is not None
    return found


def born(birth_date: str, since: Instant, *, zone: str = "", cause: str = "", **results: str) -> Standing:
    person = Person("p", birth_date=birth_date, attributes={"time-zone": (zone,)} if zone else {})
    waiting = Enrolment("e", "j|1", "active", SCHEDULED, 1, since, cause=cause, results=results)
    return Standing(PatientRecord("k", "p", person), waiting, since)


@given(
    st.dates(date(1920, 1, 1), date(2025, 12, 31)),
    st.sampled_from(["", "America/Los_Angeles", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"]),
    st.times().map(lambda clock: clock.replace(minute=clock.minute // 30 * 30, second=0, microsecond=0)),
)
@example(date(1980, 2, 29), "", time(9, 0))
@example(date(1980, 3, 12), "", time(2, 30))
@example(date(1980, 12, 31), "Pacific/Apia", time(23, 30))
@example(date(1980, 1, 1), "Australia/Lord_Howe", time(0, 0))
def test_there_is_one_each_year_on_the_very_day(birthday: date, zone: str, clock: time) -> None:
    schedule, here = yearly(at=clock.isoformat("minutes")), ZoneInfo(zone) if zone else NEW_YORK
    found: list[Instant] = []
    since, cause = START, "first"
    for _ in range(9):
        due = schedule.due(born(birthday.isoformat(), since, zone=zone, cause=cause))
        assert due is not None
        assert due > since
        found.append(due)
        since, cause = due, f"{NEXT_TIME}{due}"
    for due in found:
        local = to_datetime(due, here)
        expected = (3, 1) if (birthday.month, birthday.day) == (2, 29) else (birthday.month, birthday.day)
        leap = (local.month, local.day) == (2, 29)
        assert (local.month, local.day) == expected or (leap and birthday.day == 29)
        assert local.time() >= clock
    assert all(364 * DAY <= later - earlier <= 368 * DAY for earlier, later in pairwise(found))


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("2026-03-12T12:59:59Z", "2026-03-12T13:00:00.000Z"),
        ("2026-03-12T13:00:00Z", "2027-03-12T14:00:00.000Z"),
    ],
)
def test_who_comes_to_be_known_on_the_day_is_in_time_until_the_hour(since: str, expected: str) -> None:
    due = yearly().due(born("1980-03-12", parse_instant(since)))
    assert due is not None
    assert iso(due) == expected


@pytest.mark.parametrize("birth_date", ["", "1980", "1980-03", "1980-13-40"])
def test_a_day_that_is_not_known_is_no_day(birth_date: str) -> None:
    with pytest.raises(AuthorFault):
        yearly().due(born(birth_date, START))
    assert yearly().over(born(birth_date, START), UTC)
    step = scheduled_step(yearly(), "first", NEW_YORK)
    assert step.moved is not None
    assert step.moved(born(birth_date, START)) == Ends("the day of birth is not known")


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-03-09T10:00", "America/Los_Angeles", "2026-03-09T17:00:00.000Z"),
        ("2026-03-09T10:00", "", "2026-03-09T14:00:00.000Z"),
        ("2026-03-09T10:00:00Z", "America/Los_Angeles", "2026-03-09T10:00:00.000Z"),
        ("2026-03-09T10:00:00-05:00", "America/Los_Angeles", "2026-03-09T15:00:00.000Z"),
        ("2026-03-08T02:30", "America/Los_Angeles", "2026-03-08T10:30:00.000Z"),
    ],
)
def test_what_was_asked_for(text: str, zone: str, expected: str) -> None:
    assert iso(asked_instant(text, born("", START, zone=zone), NEW_YORK)) == expected


def test_what_was_asked_for_goes_before_what_the_journey_says() -> None:
    step = scheduled_step(yearly(), "first", NEW_YORK)
    asked = born("1980-03-12", START, **{SCHEDULED: "2026-02-01T10:00"})
    assert step.run(asked) == Waits(parse_instant("2026-02-01T15:00:00Z"), "2026-02-01 10:00 EST")
    past = born("1980-03-12", START, **{SCHEDULED: "2025-02-01T10:00"})
    assert step.run(past) == Goes("first"), "asked for late is let in late"
    assert scheduled_step(None, "first", NEW_YORK).run(born("", START)) == Goes("first")
