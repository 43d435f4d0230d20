"""The segments that ship, over the synthetic population as its README counts it."""

from __future__ import annotations

from shared.fhir.instants import parse_instant
from tests.unit.segment import shipped

AS_OF = parse_instant("2021-04-01T00:00:00Z")


def count(name: str, *, include_deceased: bool = False) -> int:
    segment = (shipped.segments_of_the_dead_too() if include_deceased else shipped.segments())[name]
    return sum(segment.evaluate(record, AS_OF).member for record in shipped.synthetic().values())


def test_diabetes_agrees_with_an_independent_engine():
    assert count("diabetes", include_deceased=True) == 37
    assert count("diabetes-hba1c-above-target", include_deceased=True) == 10
    assert count("diabetes-hba1c-above-target") == 9


def test_a_care_gap_is_the_rest_of_the_diabetics():
    tested = sum(
        not shipped.segments()["no-hba1c-half-year"].evaluate(r, AS_OF).member
        for r in shipped.synthetic().values()
        if shipped.segments()["diabetes"].evaluate(r, AS_OF).member
    )
    assert count("no-hba1c-half-year") == count("diabetes") - tested
    assert 0 < tested < count("diabetes")


def test_nobody_has_an_appointment_where_there_are_none():
    assert count("upcoming-appointment") == 0


def test_reasons_name_value_and_day():
    segment = shipped.segments()["diabetes-hba1c-above-target"]
    evaluations = [segment.evaluate(record, AS_OF) for record in shipped.synthetic().values()]
    member = next(e for e in evaluations if e.member)
    assert member.reason.startswith("HbA1c ")
    assert " % > 6.5 % on 20" in member.reason
    assert "Diabetes: diabetes since " in member.reason
    assert {ref.reference.partition("/")[0] for ref in member.explanation.deciding} == {
        "Observation",
        "Condition",
    }
