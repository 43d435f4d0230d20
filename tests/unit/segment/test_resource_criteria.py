"""Criteria on resources: which are found, what is asked of them, and what the reasons say."""
# ruff: noqa: E501 - the tables have one row a case

from __future__ import annotations

import pytest
from msgspec.structs import replace

from shared.fhir.fact import Fact, Value
from shared.segment.explanation import FactRef
from shared.segment.types import NEVER_COUNTS, STATUSES
from shared.segment.valuesets import ValueSets
from tests.unit.segment.making import (
    DIABETES,
    HBA1C,
    at,
    condition,
    fact,
    holds,
    observation,
    pressure,
    record,
    segment,
)

NOW = "2021-06-01T12:00:00Z"
MANY = ValueSets.of(
    [
        {
            "resourceType": "ValueSet",
            "url": "urn:many",
            "compose": {
                "include": [
                    {"system": "http://snomed.info/sct", "concept": [{"code": str(n)} for n in range(30)]}
                ]
            },
        }
    ]
)


@pytest.mark.parametrize(
    ("criteria", "found", "member"),
    [
        ("has: {type: Condition, code: snomed|44054006}", condition(), True),
        ("has: {type: Condition, code: [snomed|1, snomed|44054006]}", condition(), True),
        ("has: {type: Condition, code: snomed|44054006}", condition(code="http://snomed.info/sct|1"), False),
        ("has: {type: Condition, code: snomed|44054006}", condition(gone=True), False),
        ("has: {type: Condition}", condition(gone=True), False),
        ("has: {type: Condition, text: DIAB}", condition(), True),
        ("has: {type: Condition, text: asthma}", condition(), False),
        ("has: {type: Condition, text: [asthma, diabetes], code: snomed|1}", condition(), True),
        ("has: {type: Condition, status: active}", condition(), True),
        ("has: {type: Condition, status: [active, relapse]}", condition(status="resolved"), False),
        ("has: {type: Condition}", condition(status="entered-in-error"), False),
        ("has: {type: Condition, status: entered-in-error}", condition(status="entered-in-error"), True),
        ("has: {type: Condition}", condition(attributes={"verification-status": ("refuted",)}), False),
        (
            "has: {type: Condition, verification_status: refuted}",
            condition(attributes={"verification-status": ("refuted",)}),
            True,
        ),
        (
            "has: {type: Condition, verification_status: confirmed}",
            condition(attributes={"verification-status": ("unconfirmed",)}),
            False,
        ),
        (
            "has: {type: Encounter, class: IMP}",
            fact("Encounter", attributes={"class": ("urn:act|IMP",)}),
            True,
        ),
        (
            "has: {type: Encounter, class: act|IMP}",
            fact("Encounter", attributes={"class": ("urn:x|IMP",)}),
            False,
        ),
        (
            "has: {type: Encounter, class: [EMER, IMP]}",
            fact("Encounter", attributes={"class": ("urn:act|AMB",)}),
            False,
        ),
        ("has: {type: Encounter, class: IMP}", fact("Encounter"), False),
        (
            "has: {type: Observation, category: laboratory}",
            observation(7, NOW, attributes={"category": ("u|laboratory",)}),
            True,
        ),
        (
            "has: {type: MedicationRequest, intent: order}",
            fact("MedicationRequest", attributes={"intent": ("order",)}),
            True,
        ),
        (
            "has: {type: ServiceRequest, priority: stat}",
            fact("ServiceRequest", attributes={"priority": ("routine",)}),
            False,
        ),
        (
            "has: {type: MedicationRequest}",
            fact("MedicationRequest", attributes={"do-not-perform": ("true",)}),
            False,
        ),
        ("has: {type: Observation, value: {above: 9, unit: '%'}}", observation(9.1, "2021-01-01"), True),
        ("has: {type: Observation, value: {above: 9, unit: '%'}}", observation(9, "2021-01-01"), False),
        ("has: {type: Observation, value: {at_least: 9, unit: '%'}}", observation(9, "2021-01-01"), True),
        (
            "has: {type: Observation, value: {above: 9, unit: '%'}}",
            observation(76, "2021-01-01", unit="mmol/mol"),
            False,
        ),
        ("has: {type: Observation, value: {above: 9, unit: '%'}}", observation(None, "2021-01-01"), False),
        (
            "has: {type: Observation, value: {at_least: 7, below: 8, unit: '%'}}",
            observation(7.5, "2021-01-01"),
            True,
        ),
        (
            "has: {type: Observation, value: {at_least: 7, below: 8, unit: '%'}}",
            observation(8, "2021-01-01"),
            False,
        ),
        (
            "has: {type: Observation, value: {at_most: 3, unit: '1'}}",
            observation(3, "2021-01-01", unit=""),
            True,
        ),
        (
            "has: {type: Observation, value: {code: snomed|10828004}}",
            fact("Observation", value=Value(codes=("http://snomed.info/sct|10828004",))),
            True,
        ),
        (
            "has: {type: Observation, value: {text: 'true'}}",
            fact("Observation", value=Value(text="true")),
            True,
        ),
        (
            "has: {type: Observation, value: {text: 'true'}}",
            fact("Observation", value=Value(text="false")),
            False,
        ),
        (
            "has: {type: Observation, component: {code: loinc|8480-6, value: {at_least: 140, unit: 'mm[Hg]'}}}",
            pressure(150, "2021-01-01"),
            True,
        ),
        (
            "has: {type: Observation, component: {code: loinc|8480-6, value: {at_least: 140, unit: 'mm[Hg]'}}}",
            pressure(130, "2021-01-01"),
            False,
        ),
        (
            "has: {type: Observation, component: [{code: loinc|8480-6}, {code: loinc|8462-4}]}",
            pressure(130, "2021-01-01"),
            False,
        ),
    ],
)
def test_one_fact(criteria: str, found: Fact, member: bool):
    assert holds(criteria, record(found), NOW) is member
    assert holds(criteria.replace("has:", "has_no:", 1), record(found), NOW) is not member


@pytest.mark.parametrize(
    ("number", "comparator", "rule", "member"),
    [
        (5, "<", "below: 6", True),
        (5, "<", "below: 5", True),
        (5, "<=", "below: 5", False),
        (5, "<", "above: 4", False),
        (14, ">", "above: 9", True),
        (14, ">", "above: 14", True),
        (14, ">=", "above: 14", False),
        (14, ">=", "at_least: 14", True),
        (14, ">", "below: 20", False),
        (14, "~", "above: 9", True),
    ],
)
def test_a_comparator_counts_for_what_is_sure(number: float, comparator: str, rule: str, member: bool):
    seen = observation(None, "2021-01-01", value=Value(number, "%", text=comparator))
    assert holds(f"has: {{type: Observation, value: {{{rule}, unit: '%'}}}}", record(seen), NOW) is member


@pytest.mark.parametrize(
    ("kind", "status"), [(k, s) for k, found in NEVER_COUNTS.items() for s in sorted(found)]
)
def test_what_never_counts_does_so_only_when_asked(kind: str, status: str):
    who = record(fact(kind, status=status))
    assert not holds(f"has: {{type: {kind}}}", who, NOW)
    assert holds(f"has: {{type: {kind}, status: {status}}}", who, NOW)
    assert status in STATUSES[kind]


def test_many_codes_are_one_set():
    who = record(
        condition(code="http://snomed.info/sct|17"), condition(code="http://snomed.info/sct|99", identity="2")
    )
    compiled = segment("has: {type: Condition, valueset: urn:many}", valuesets=MANY)
    evaluation = compiled.evaluate(who, at(NOW))
    assert evaluation.member
    assert evaluation.explanation.facts == (FactRef("Condition/1", "1"),)


def test_a_resource_with_two_of_the_codes_counts_once():
    both = fact("Condition", codes=("http://snomed.info/sct|1", "http://snomed.info/sct|2"), status="active")
    rule = "has: {type: Condition, code: [snomed|1, snomed|2], at_least: 2}"
    assert not holds(rule, record(both), NOW)
    assert holds(rule, record(both, condition(code="http://snomed.info/sct|1", identity="2")), NOW)


def test_of_equal_instants_the_latest_is_the_one_updated_last():
    one = observation(9.5, "2021-01-01", "1", updated=at("2021-01-02"))
    other = observation(7, "2021-01-01", "2", updated=at("2021-01-01"))
    rule = "has: {type: Observation, which: latest, value: {above: 9, unit: '%'}}"
    assert holds(rule, record(one, other), NOW)
    assert holds(rule, record(other, one), NOW)


def test_a_latest_without_a_value_is_still_the_latest():
    who = record(observation(9.5, "2021-01-01", "1"), observation(None, "2021-02-01", "2"))
    assert not holds("has: {type: Observation, which: latest, value: {above: 9, unit: '%'}}", who, NOW)
    assert holds("has: {type: Observation, value: {above: 9, unit: '%'}}", who, NOW)


@pytest.mark.parametrize(
    ("criteria", "reason"),
    [
        (
            f"has: {{type: Observation, code: '{HBA1C}', which: latest, label: HbA1c, value: {{above: 9, unit: '%'}}}}",
            "HbA1c 9.1 % > 9 % on 2021-03-01",
        ),
        (
            f"has: {{type: Observation, code: '{HBA1C}', which: latest, value: {{above: 10, unit: '%'}}}}",
            "HbA1c 9.1 % is not > 10 % on 2021-03-01",
        ),
        ("has: {type: Observation, label: HbA1c, value: {above: 10, unit: '%'}}", "no HbA1c > 10 %"),
        (f"has: {{type: Condition, code: '{DIABETES}'}}", "Diabetes since 2015-01-01"),
        (
            "has_no: {type: Observation, label: HbA1c, when: {starts: {last: P1M}}}",
            "no HbA1c in the last 1 month",
        ),
        ("has: {type: Procedure, code: snomed|73761001}", "no 73761001"),
        ("has: {type: Condition, text: asthma, status: active}", "no active asthma"),
        ("has: {type: Condition, at_least: 2}", "only 1 of 2: Diabetes since 2015-01-01"),
        ("has: {type: Observation, at_least: 2}", "HbA1c on 2021-03-01 (2 in all)"),
        ("not: {has: {type: Procedure}}", "no Procedure"),
        ("all: [gender: female, age: {at_least: 18}]", "gender is female; aged 41 years"),
        ("any: [gender: male, age: {at_least: 18}]", "aged 41 years"),
        ("all: [gender: male, age: {at_least: 18}]", "gender is female"),
        ("has: {type: Appointment, status: booked, label: visit}", "visit on 2021-06-03 09:30"),
        ("has: {type: Encounter, when: {ends: {last: P6M}}, label: stay}", "stay ended 2021-05-20"),
        (
            "has: {type: Observation, component: {code: loinc|8480-6, value: {at_least: 140, unit: 'mm[Hg]'}}}",
            "pressure 150 mm[Hg] >= 140 mm[Hg] on 2021-02-01",
        ),
    ],
)
def test_reasons(criteria: str, reason: str):
    who = record(
        observation(9.1, "2021-03-01", "1"),
        replace(pressure(150, "2021-02-01"), title="pressure"),
        condition(),
        fact("Appointment", when="2021-06-03T09:30:00Z", status="booked"),
        fact("Encounter", when="2021-05-01/2021-05-20", status="finished"),
    )
    assert segment(criteria).evaluate(who, at(NOW)).reason == reason


def test_an_explanation_is_a_tree_with_the_facts_that_decide():
    who = record(observation(9.1, "2021-03-01", "hb", version="3"), condition(identity="dm", version="2"))
    compiled = segment(
        "all: [has: {type: Observation, value: {above: 9, unit: '%'}}, has_no: {type: Procedure}, not: {gender: male}]"
    )
    explanation = compiled.evaluate(who, at(NOW)).explanation
    assert (explanation.criterion, explanation.holds) == ("all", True)
    assert [(part.criterion, part.holds) for part in explanation.parts] == [
        ("has", True),
        ("has_no", True),
        ("not", True),
    ]
    assert explanation.deciding == (FactRef("Observation/hb", "3"), FactRef("Patient/ada", "1"))
