"""Until: weekdays, times of day, anchors and lengths, by whose clock they count, over daylight saving."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import TypeAdapter, ValidationError

from shared.errors import AuthorFault
from shared.fhir.calendar import parse_duration
from shared.fhir.fact import Fact, Person, Value
from shared.fhir.instants import DAY, HOUR, Instant, from_datetime, iso, parse_instant, to_datetime
from shared.journey.due import WEEKDAYS, Until, Whose, after, due_of
from shared.journey.steps.base import Standing
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment

NEW_YORK = ZoneInfo("America/New_York")
ADAPTER: TypeAdapter[Any] = TypeAdapter(Until)
ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"]


def standing(now: Instant, *facts: Fact, focus: str = "", zone: str = "") -> Standing:
    person = Person("p", attributes={"time-zone": (zone,)} if zone else {})
    record = PatientRecord("k", "p", person, Facts.of_facts(*facts))
    return Standing(record, Enrolment("e", "j|1", "active", "s", 1, now, focus=focus), now)


def due(until: Any, at: Standing, whose: Whose = "organisation") -> str | None:
    found = due_of(ADAPTER.validate_python(until), NEW_YORK, whose)(at)
    return None if found is None else iso(found).replace(".000", "")


def at(text: str, **more: Any) -> Standing:
    return standing(parse_instant(text), **more)


@pytest.mark.parametrize(
    ("until", "now", "expected"),
    [
        ({"weekdays": ["tue"], "at": "10:00"}, "2026-03-02T15:00:00Z", "2026-03-03T15:00:00Z"),
        # the very moment has passed: a week later, which is in daylight saving
        ({"weekdays": ["tue"], "at": "10:00"}, "2026-03-03T15:00:00Z", "2026-03-10T14:00:00Z"),
        ({"weekdays": ["tue"], "at": "10:00"}, "2026-03-03T14:59:59Z", "2026-03-03T15:00:00Z"),
        ({"weekdays": ["sun", "mon"], "at": "00:00"}, "2026-03-06T15:00:00Z", "2026-03-08T05:00:00Z"),
        ({"at": "18:00"}, "2026-03-02T15:00:00Z", "2026-03-02T23:00:00Z"),
        ({"at": "09:00"}, "2026-03-02T15:00:00Z", "2026-03-03T14:00:00Z"),
        # 02:30 is skipped on 8 March: it is 03:30 then; and it is there twice on 1 November: the first
        ({"at": "02:30"}, "2026-03-08T05:00:00Z", "2026-03-08T07:30:00Z"),
        ({"at": "01:30"}, "2026-11-01T04:00:00Z", "2026-11-01T05:30:00Z"),
        ({"at": "01:30"}, "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"),
        ("2026-03-01T09:00:00-05:00", "2026-03-02T15:00:00Z", "2026-03-01T14:00:00Z"),
    ],
)
def test_the_next_day_and_time(until: Any, now: str, expected: str) -> None:
    assert due(until, at(now)) == expected


def test_the_patients_clock_where_it_is_known() -> None:
    late = at("2026-03-02T15:00:00Z", zone="America/Los_Angeles")
    assert due({"at": "10:00"}, late, "patient") == "2026-03-02T18:00:00Z"
    assert due({"at": "10:00"}, late) == "2026-03-03T15:00:00Z"
    nowhere = at("2026-03-02T15:00:00Z", zone="Nowhere/Land")
    assert due({"at": "12:00"}, nowhere, "patient") == "2026-03-02T17:00:00Z"


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),
    st.sets(st.sampled_from(WEEKDAYS), min_size=1),
    st.times().map(lambda clock: clock.replace(second=0, microsecond=0)),
)
def test_it_is_ahead_within_a_week_and_on_such_a_day(
    name: str, when: datetime, days: set[str], clock: time
) -> None:
    zone = ZoneInfo(name)
    now = from_datetime(when.replace(tzinfo=zone))
    until = {"weekdays": sorted(days), "at": clock.isoformat("minutes")}
    found = due_of(ADAPTER.validate_python(until), zone, "organisation")(standing(now))
    assert found is not None
    local = to_datetime(found, zone)
    assert now < found <= now + 8 * DAY
    assert WEEKDAYS[local.weekday()] in days
    skipped = datetime.combine(local.date(), clock, tzinfo=zone)
    gap = skipped.utcoffset() != (skipped + timedelta(hours=3)).utcoffset()
    assert local.time() == clock or gap, "only a clock that is skipped shows another time"


APPOINTMENT = Fact("Appointment", "a1", "1", status="booked", start=parse_instant("2026-03-10T14:00:00Z"))


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        ({}, "2026-03-10T14:00:00Z"),
        ({"offset": "-P3D"}, "2026-03-07T15:00:00Z"),
        ({"offset": "-PT72H"}, "2026-03-07T14:00:00Z"),
        ({"offset": "-P3D", "at": "09:00"}, "2026-03-07T14:00:00Z"),
        ({"offset": "P2M"}, "2026-05-10T14:00:00Z"),
    ],
)
def test_an_anchor_counts_days_by_the_wall_clock(anchor: dict[str, Any], expected: str) -> None:
    here = standing(parse_instant("2026-03-01T00:00:00Z"), APPOINTMENT, focus="Appointment/a1")
    assert due({"anchor": "focus.start"} | anchor, here) == expected


@pytest.mark.parametrize(
    ("fact", "focus", "anchor", "fault"),
    [
        (
            replace(APPOINTMENT, start=None),
            "Appointment/a1",
            {"anchor": "focus.start"},
            "Appointment/a1 has no start",
        ),
        (APPOINTMENT, "Appointment/a1", {"anchor": "focus.end"}, "Appointment/a1 has no end"),
        (APPOINTMENT, "Appointment/a1", {"anchor": "focus.value"}, "Appointment/a1 has no value"),
        (APPOINTMENT, "", {"anchor": "focus.start"}, "there is no resource"),
        (
            APPOINTMENT,
            "Appointment/a1",
            {"anchor": "focus.start", "offset": "P9000Y"},
            "outside the calendar",
        ),
    ],
)
def test_what_there_never_will_be_is_a_fault(fact: Fact, focus: str, anchor: Any, fault: str) -> None:
    with pytest.raises(AuthorFault, match=fault):
        due(anchor, standing(parse_instant("2026-03-01T00:00:00Z"), fact, focus=focus))


def test_the_next_resource_of_a_kind() -> None:
    until = {"anchor": "focus.start", "of": {"type": "Appointment", "status": ["booked"]}, "offset": "-P1D"}
    now = parse_instant("2026-03-01T00:00:00Z")
    others = [
        replace(APPOINTMENT, resource_id="later", start=parse_instant("2026-04-10T14:00:00Z")),
        replace(APPOINTMENT, resource_id="past", start=parse_instant("2026-02-10T14:00:00Z")),
        replace(APPOINTMENT, resource_id="gone", start=parse_instant("2026-03-05T14:00:00Z"), gone=True),
        replace(
            APPOINTMENT, resource_id="off", start=parse_instant("2026-03-05T14:00:00Z"), status="cancelled"
        ),
        replace(APPOINTMENT, resource_id="none", start=None),
    ]
    assert due(until, standing(now, *others)) == "2026-04-09T14:00:00Z"
    assert due(until, standing(now, *others, APPOINTMENT)) == "2026-03-09T14:00:00Z"
    assert due(until, standing(now, *others[1:])) is None


@pytest.mark.parametrize(
    ("text", "found"), [("2026-06-01", True), ("2026-06", True), ("soon", False), ("", False)]
)
def test_a_value_that_is_a_date(text: str, found: bool) -> None:
    fact = Fact("Observation", "edd", "1", value=Value(text=text))
    until = {"anchor": "focus.value", "of": {"type": "Observation"}, "at": "09:00"}
    expected = "2026-06-01T13:00:00Z" if found else None
    assert due(until, standing(parse_instant("2026-03-01T00:00:00Z"), fact)) == expected


def test_lengths() -> None:
    here = at("2026-03-07T15:00:00Z")
    assert after(parse_duration("P1D"), NEW_YORK, "organisation")(here) == here.now + 23 * HOUR
    assert after(parse_duration("PT24H"), NEW_YORK, "organisation")(here) == here.now + 24 * HOUR


@pytest.mark.parametrize(
    "wrong",
    [
        "2026-03-01T09:00:00",
        "2026-03-01",
        "tomorrow",
        {"weekdays": [], "at": "09:00"},
        {"weekdays": ["tue"]},
        {"at": "25:00"},
        {},
        {"anchor": "focus.middle"},
        {"of": {"type": "Appointment"}},
        3,
    ],
)
def test_what_says_no_instant_is_a_mistake(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(wrong)
