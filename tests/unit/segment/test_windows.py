"""Windows to the microsecond: who is in at each edge, and the flip that evaluation foretells there."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from shared.fhir.instants import Instant, iso
from tests.unit.segment.making import at, condition, fact, observation, record, segment

NEW_YORK = ZoneInfo("America/New_York")


def spell(criteria: str, who: object, zone: object = UTC, start: str = "2000-01-01") -> list[str]:
    """Follow the flips from `start` on and return them, each checked a microsecond before and at it."""
    compiled = segment(criteria, zone)
    now, flips = at(start), []
    while (evaluation := compiled.evaluate(who, now)).next_flip is not None:
        flip = evaluation.next_flip
        assert flip > now
        assert compiled.evaluate(who, Instant(flip - 1)).member == evaluation.member
        assert compiled.evaluate(who, Instant(flip - 1)).next_flip == flip
        assert compiled.evaluate(who, flip).member != evaluation.member
        now = flip
        flips.append(iso(flip) if flip % 1000 == 0 else f"{iso(flip)}+1us")
    return flips


def has(when: str, kind: str = "Observation") -> str:
    return f"has: {{type: {kind}, when: {when}}}"


@pytest.mark.parametrize(
    ("window", "flips"),
    [
        ("{last: P6M}", ["2021-03-10T08:00:00.000Z", "2021-09-10T08:00:00.000Z"]),
        ("{next: P3D}", ["2021-03-07T08:00:00.000Z", "2021-03-10T08:00:00.000Z"]),
        ("{from: 'now - P1D'}", ["2021-03-11T08:00:00.000Z+1us"]),
        ("{after: 'now - P1D'}", ["2021-03-11T08:00:00.000Z"]),
        ("{before: now}", ["2021-03-10T08:00:00.000Z+1us"]),
        ("{until: now}", ["2021-03-10T08:00:00.000Z"]),
        (
            "{after: 'now - P14D', until: 'now - P7D'}",
            ["2021-03-17T08:00:00.000Z", "2021-03-24T08:00:00.000Z"],
        ),
        ("{from: today, until: today}", ["2021-03-10T00:00:00.000Z", "2021-03-11T00:00:00.000Z"]),
        ("{after: today}", ["2021-03-10T00:00:00.000Z"]),
        (
            "{from: 'today + P1D', until: 'today + P1D'}",
            ["2021-03-09T00:00:00.000Z", "2021-03-10T00:00:00.000Z"],
        ),
        ("{last: PT36H}", ["2021-03-10T08:00:00.000Z", "2021-03-11T20:00:00.000Z"]),
        ("{from: 2021-03-10, before: 2021-03-11}", []),
        ("{after: 2021-03-10}", []),
    ],
)
def test_a_start_enters_and_leaves(window: str, flips: list[str]):
    who = record(observation(7, "2021-03-10T08:00:00Z"))
    assert spell(has(f"{{starts: {window}}}"), who) == flips


@pytest.mark.parametrize(
    ("window", "member"),
    [
        ("{from: 2021-03-10}", True),
        ("{after: 2021-03-10}", False),
        ("{after: 2021-03-09}", True),
        ("{before: 2021-03-10}", False),
        ("{until: 2021-03-10}", True),
        ("{from: 2021-03, until: 2021-03}", True),
        ("{after: 2021-03}", False),
        ("{from: '2021-03-10T08:00:00Z', until: '2021-03-10T08:00:00Z'}", True),
        ("{after: '2021-03-10T08:00:00Z'}", False),
        ("{before: '2021-03-10T08:00:00Z'}", False),
        ("{from: 2021, before: 2022}", True),
    ],
)
def test_dates_cover_what_they_name(window: str, member: bool):
    who = record(observation(7, "2021-03-10T08:00:00Z"))
    compiled = segment(has(f"{{starts: {window}}}"))
    assert compiled.evaluate(who, at("2023-01-01")).member is member
    assert compiled.evaluate(who, at("2023-01-01")).next_flip is None


def test_months_that_end_early():
    """What happened on 31 August is within six months until February is over."""
    who = record(observation(7, "2021-08-31T08:00:00Z"))
    assert spell(has("{starts: {last: P6M}}"), who)[1] == "2022-03-01T00:00:00.000Z"
    who = record(observation(7, "2022-02-28T08:00:00Z"))
    assert spell(has("{starts: {last: P6M}}"), who)[1] == "2022-08-28T08:00:00.000Z"


def test_windows_are_counted_in_the_zone_of_the_definition():
    """A day is 23 hours where clocks go forward; a 24-hour window is not a day."""
    who = record(observation(7, "2021-03-13T15:00:00Z"))
    assert spell(has("{starts: {last: P1D}}"), who, NEW_YORK)[1] == "2021-03-14T14:00:00.000Z"
    assert spell(has("{starts: {last: PT24H}}"), who, NEW_YORK)[1] == "2021-03-14T15:00:00.000Z"
    assert spell(has("{starts: {from: today}}"), who, NEW_YORK)[-1] == "2021-03-14T05:00:00.000Z"


def test_the_definitions_own_zone_comes_first():
    compiled = segment(has("{starts: {from: today}}"), UTC, time_zone="America/New_York")
    evaluation = compiled.evaluate(record(observation(7, "2021-03-13T15:00:00Z")), at("2021-03-13T16:00:00Z"))
    assert evaluation.next_flip == at("2021-03-14T05:00:00Z")


def test_ends():
    stay = fact("Encounter", when="2021-03-01/2021-03-10T08:00:00Z", status="finished")
    assert spell(has("{ends: {last: P14D}}", "Encounter"), record(stay)) == [
        "2021-03-10T08:00:00.000Z",
        "2021-03-24T08:00:00.000Z",
    ]
    open_ended = fact("Encounter", when="2021-03-01/", status="in-progress")
    assert spell(has("{ends: {last: P14D}}", "Encounter"), record(open_ended)) == []


def test_overlaps():
    spent = fact("Coverage", when="2021-03-01/2021-03-10", status="active")
    assert spell(has("{overlaps: {from: now, until: now}}", "Coverage"), record(spent)) == [
        "2021-03-01T00:00:00.000Z",
        "2021-03-11T00:00:00.000Z",
    ]
    assert spell(has("{overlaps: {last: P1M}}", "Condition"), record(condition("2021-03-01/"))) == [
        "2021-03-01T00:00:00.000Z"
    ]
    ever = fact("Coverage", when="/2021-03-10", status="active")
    assert spell(has("{overlaps: {until: now}}", "Coverage"), record(ever)) == []
    assert spell(has("{overlaps: {from: now}}", "Coverage"), record(ever)) == ["2021-03-11T00:00:00.000Z"]


@pytest.mark.parametrize("status", ["inactive", "remission", "resolved", ""])
def test_what_is_over_since_nobody_knows_when_overlaps_no_window_that_began(status: str):
    over = record(condition("2021-03-01/", status=status))
    for window in ("{last: P1M}", "{from: now}", "2021-03-01", "{from: 'now - P10Y', until: now}"):
        assert spell(has(f"{{overlaps: {window}}}", "Condition"), over) == []
        assert (
            not segment(has(f"{{overlaps: {window}}}", "Condition")).evaluate(over, at("2021-03-02")).member
        )
    assert spell(has("{overlaps: {until: now}}", "Condition"), over) == ["2021-03-01T00:00:00.000Z"]
    assert spell(has("{starts: {last: P10D}}", "Condition"), over)[0] == "2021-03-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("kind", "status", "member"),
    [
        ("MedicationRequest", "active", True),
        ("MedicationRequest", "completed", False),
        ("MedicationDispense", "completed", False),
        ("MedicationStatement", "completed", True),
    ],
)
def test_a_medication_without_an_end_goes_on_if_its_status_says_so(kind: str, status: str, member: bool):
    given = record(fact(kind, when="2020-03-01/", status=status))
    for window in ("{overlaps: {from: now, until: now}}", "{overlaps: 2021}"):
        assert segment(has(window, kind)).evaluate(given, at("2021-06-01")).member == member
    days = f"has: {{type: {kind}, covered_days: {{at_least: 300, within: 2021}}}}"
    assert segment(days).evaluate(given, at("2021-06-01")).member == member


def test_what_has_no_date_is_in_no_window():
    who = record(fact("Coverage", status="active"))
    for relation in ("starts", "ends", "overlaps"):
        compiled = segment(has(f"{{{relation}: {{until: now}}}}", "Coverage"))
        assert not compiled.evaluate(who, at("2021-01-01")).member
    assert segment("has: {type: Coverage}").evaluate(who, at("2021-01-01")).member


def test_two_relations_hold_at_once():
    stay = fact("Encounter", when="2021-03-01/2021-03-10T08:00:00Z", status="finished")
    assert spell(has("{starts: {last: P10D}, ends: {last: P14D}}", "Encounter"), record(stay)) == [
        "2021-03-10T08:00:00.000Z",
        "2021-03-11T00:00:00.000Z",
    ]


def test_what_has_not_begun_does_not_count_unless_it_is_a_plan():
    ahead = observation(7, "2021-03-10T08:00:00Z")
    assert spell("has: {type: Observation}", record(ahead)) == ["2021-03-10T08:00:00.000Z"]
    booked = fact("Appointment", when="2021-03-10T08:00:00Z", status="booked")
    assert segment("has: {type: Appointment}").evaluate(record(booked), at("2020-01-01")).member
    assert spell("has: {type: Appointment}", record(booked)) == []


def test_at_least_flips_when_the_count_does():
    who = record(*(observation(7, f"2021-0{month}-10", str(month)) for month in (1, 2, 3)))
    assert spell("has: {type: Observation, at_least: 2, when: {starts: {last: P3M}}}", who) == [
        "2021-02-10T00:00:00.000Z",
        "2021-05-10T00:00:00.000Z",
    ]


def test_the_latest_in_a_window_hands_over_and_leaves():
    who = record(observation(9.5, "2021-01-10", "1"), observation(7, "2021-02-10", "2"))
    rule = (
        "has: {type: Observation, which: latest, value: {above: 9, unit: '%'}, when: {starts: {last: P3M}}}"
    )
    assert spell(rule, who) == ["2021-01-10T00:00:00.000Z", "2021-02-10T00:00:00.000Z"]
    rising = record(observation(7, "2021-01-10", "1"), observation(9.5, "2021-02-10", "2"))
    assert spell(rule, rising) == ["2021-02-10T00:00:00.000Z", "2021-05-10T00:00:00.000Z"]


def test_the_earliest_in_a_window_gives_way_when_it_leaves():
    who = record(observation(9.5, "2021-01-10", "1"), observation(7, "2021-02-10", "2"))
    rule = (
        "has: {type: Observation, which: earliest, value: {below: 9, unit: '%'}, when: {starts: {last: P3M}}}"
    )
    assert spell(rule, who) == ["2021-04-10T00:00:00.000Z", "2021-05-10T00:00:00.000Z"]


def test_dates_at_the_end_of_the_calendar_are_no_trouble():
    forever = fact("Coverage", when="2021-01-01/9999-12-30", status="active")
    assert spell(has("{overlaps: {last: P6M}}", "Coverage"), record(forever)) == ["2021-01-01T00:00:00.000Z"]
    never = observation(7, "9999-12-30")
    assert segment(has("{starts: {next: P6M}}")).evaluate(record(never), at("2021-01-01")).member is False


def test_a_latest_that_ends_first_gives_way_to_one_that_lasts():
    who = record(
        observation(9.5, "2021-01-01/2021-05-31", "1"),
        observation(7, "2021-02-01/2021-02-28", "2"),
    )
    value, now = "value: {above: 9, unit: '%'}", "when: {overlaps: {from: now, until: now}}"
    assert spell(f"has: {{type: Observation, which: latest, {value}, {now}}}", who) == [
        "2021-01-01T00:00:00.000Z",
        "2021-02-01T00:00:00.000Z",
        "2021-03-01T00:00:00.000Z",
        "2021-06-01T00:00:00.000Z",
    ]


@pytest.mark.parametrize(
    ("kept", "member"),
    [
        ({"authored-on": ("2021-03-01",)}, True),
        ({"recorded-date": ("2021-03-01T04:59:59Z",)}, False),
        ({"issued": ("2021-03-01T05:00:00Z",)}, True),
        ({"issued": ("soon",)}, False),
        ({}, False),
    ],
)
def test_when_it_was_written_down_is_not_when_it_was_so(kept: dict[str, tuple[str, ...]], member: bool):
    found = fact("MedicationRequest", when="2020-01-01/", status="active", attributes=kept)
    compiled = segment(has("{recorded: 2021-03}", "MedicationRequest"), NEW_YORK)
    assert compiled.evaluate(record(found), at("2021-06-01")).member == member


def test_one_day_of_what_goes_on_is_a_day():
    stay = record(fact("Encounter", when="2021-03-10T08:00:00Z/", status="in-progress"))
    once = (
        "has: {type: Encounter, covered_days: {at_least: 1, within: {from: 'now - P1D', until: 2021-03-10}}}"
    )
    evaluation = segment(once).evaluate(stay, at("2021-03-10T12:00:00Z"))
    assert (evaluation.member, evaluation.next_flip) == (True, at("2021-03-12"))
