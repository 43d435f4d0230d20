"""Days covered and time in all: who is in at the edges, and when that changes."""

from __future__ import annotations

import pytest

from shared.fhir.instants import iso
from tests.unit.segment.making import at, fact, record, segment

MARCH = fact("Encounter", when="2021-03-01T10:00:00Z/2021-03-03T10:00:00Z", status="finished")
OVER = fact("Encounter", "2", "2021-03-02T00:00:00Z/2021-03-05T12:00:00Z", status="finished")
GOING_ON = fact("Encounter", when="2021-03-01T10:00:00Z/", status="in-progress")


def answer(amount: str, *facts: object, now: str = "2021-03-10T12:00:00Z") -> tuple[bool, str]:
    evaluation = segment(f"has: {{type: Encounter, {amount}}}").evaluate(record(*facts), at(now))  # type: ignore[arg-type]
    return evaluation.member, "" if evaluation.next_flip is None else iso(evaluation.next_flip)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("covered_days: {at_least: 5}", (True, "")),
        ("covered_days: {at_least: 6}", (False, "")),
        ("covered_days: {at_least: 4, within: 2021-03-02/2021-03-31}", (True, "")),
        ("covered_days: {at_least: 5, within: 2021-03-02/2021-03-31}", (False, "")),
        ("covered_days: {at_least: 5, within: {last: P30D}}", (True, "2021-03-31T23:59:59.999Z")),
        ("total_time: {at_least: P4DT2H}", (True, "")),
        ("total_time: {at_least: P4DT2H1S}", (False, "")),
        ("total_time: {at_least: P4D, within: {last: P30D}}", (True, "2021-03-31T12:00:00.000Z")),
    ],
)
def test_overlaps_count_once(amount: str, expected: tuple[bool, str]):
    assert answer(amount, MARCH, OVER) == expected


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("covered_days: {at_least: 10}", (True, "")),
        ("covered_days: {at_least: 11}", (False, "2021-03-11T00:00:00.000Z")),
        ("covered_days: {at_least: 40}", (False, "2021-04-09T00:00:00.000Z")),
        ("covered_days: {at_least: 1, within: {from: 2021-03-01}}", (True, "")),
        ("covered_days: {at_least: 100000, within: {from: 2021-03-01}}", (True, "")),
        (
            "covered_days: {at_least: 3, within: {after: now - P3D, until: now}}",
            (True, "2021-03-18T23:59:59.999Z"),
        ),
        ("total_time: {at_least: P10D}", (False, "2021-03-11T09:59:59.999Z")),
        ("total_time: {at_least: P9D}", (True, "")),
    ],
)
def test_what_has_no_end_goes_on(amount: str, expected: tuple[bool, str]):
    member, until = answer(amount, GOING_ON)
    assert member == expected[0]
    assert until == expected[1]


def test_days_are_counted_to_the_very_midnight():
    asked = segment("has: {type: Encounter, covered_days: {at_least: 40}}")
    for now in ("2021-03-10T12:00:00Z", "2021-04-08T00:00:00Z", "2021-04-08T23:59:59.999999Z"):
        assert asked.evaluate(record(GOING_ON), at(now)).next_flip == at("2021-04-09")


def test_days_are_those_of_the_zone():
    late = fact("Encounter", when="2021-03-01T03:00:00Z/2021-03-01T06:00:00Z", status="finished")
    two = "has: {type: Encounter, covered_days: {at_least: 2}}"
    assert not segment(two).evaluate(record(late), at("2021-04-01")).member
    assert segment(two, time_zone="America/New_York").evaluate(record(late), at("2021-04-01")).member


def test_one_that_is_still_going_on_leaves_a_moving_window_by_no_end():
    asked = segment("has: {type: Encounter, covered_days: {at_least: 1, within: {after: now - P5D}}}")
    assert asked.evaluate(record(GOING_ON), at("2021-06-01")).member
