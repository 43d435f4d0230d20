"""What authors may write, and what they are told when it is wrong."""

# ruff: noqa: E501 - the tables have one row a case

from __future__ import annotations

import pytest
import yaml

from shared.errors import Invalid
from shared.segment.criteria.language import FAMILIES
from shared.segment.definition import parse_segment, segment_schema
from tests.unit.segment.making import definition

HEAD = {"url": "https://example.org/s", "version": "1", "title": "T"}


def told(document: object) -> list[str]:
    with pytest.raises(Invalid) as caught:
        parse_segment(document, "segments/x.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_every_problem_is_told_at_once_with_file_path_and_expectation():
    document = yaml.safe_load("""
        url: https://example.org/s
        version: 1
        titel: T
        time_zone: Mars
        criteria:
          all:
            - has: {type: Observation, wich: latest, value: {above: "9", unit: "%"}}
            - not: {all: []}
            - foo: 1
    """)
    words = ", ".join(FAMILIES)
    assert told(document) == [
        "segments/x.yaml: version: is not text (expected text, in quotes where YAML reads it as something else)",
        "segments/x.yaml: title: is missing (expected a value)",
        'segments/x.yaml: time_zone: is no time zone of the tz database, such as "America/New_York"',
        "segments/x.yaml: criteria.all[0].has.value.above: is not a number",
        "segments/x.yaml: criteria.all[0].has.wich: is not known here (expected one of code, valueset, text, type, "
        "from, any_of, as, label, status, verification_status, intent, category, class, priority, elements, "
        "fhirpath, not_to, when, link, linked_by, with, without, which, value, component, at_least, on_days, "
        "covered_days, total_time)",
        "segments/x.yaml: criteria.all[1].not.all: is empty (expected at least one)",
        f"segments/x.yaml: criteria.all[2]: is no criterion (expected a mapping with one word of {words})",
        "segments/x.yaml: titel: is not known here (expected one of url, version, title, description, owner, tags, "
        "time_zone, include_deceased, include_inactive, include_merged, parameters, matches, criteria)",
    ]


@pytest.mark.parametrize(
    ("criteria", "said"),
    [
        (
            "has: {type: Engagement, fhirpath: \"status = 'x'\"}",
            "criteria.has: Engagement is no resource of the FHIR server",
        ),
        (
            "has: {type: Observation, fhirpath: now() > @2020}",
            "criteria.has.fhirpath: now() would be asked once",
        ),
        (
            "has: {type: Observation, value: {above: 9, unit: mmHg}}",
            'criteria.has.value: mmHg is no UCUM unit, write "mm[Hg]"',
        ),
        (
            "has: {type: Observatio}",
            "criteria.has.type: is none of the words known here (expected 'A",
        ),
        ("has: {type: Condition, code: 44054006}", "criteria.has.code[0]: is not text"),
        (
            "has: {type: Condition, code: '44054006'}",
            'criteria.has.code[0]: is not "system|code", for example loinc|4548-4',
        ),
        (
            "has: {type: Condition, status: actve}",
            "criteria.has: status actve is none of a Condition: active, ",
        ),
        (
            "has: {type: Observation, verification_status: confirmed}",
            "criteria.has: a Observation has no verification_status",
        ),
        (
            "has: {type: Condition, verification_status: sure}",
            "criteria.has: verification_status sure is none of ",
        ),
        ("has: {type: Observation, which: latest, at_least: 2}", "criteria.has: which chooses 1"),
        ("has: {type: Observation, at_least: 0}", "criteria.has.at_least: "),
        (
            "has: {type: Observation, value: {above: 9}}",
            "criteria.has.value: needs a unit beside its thresholds",
        ),
        ("has: {type: Observation, value: {unit: '%'}}", "criteria.has.value: give thresholds"),
        (
            "has: {type: Observation, value: {above: 9, at_least: 9, unit: '%'}}",
            "criteria.has.value: gives a threshold twice",
        ),
        (
            "has: {type: Observation, value: {above: 9, unit: '%', text: x}}",
            "criteria.has.value: give thresholds",
        ),
        (
            "has: {type: Observation, component: {value: {text: x}}}",
            "criteria.has.component[0]: needs the component's code",
        ),
        ("has: {type: Observation, when: {}}", "criteria.has.when: says nothing"),
        ("has: {type: Observation, when: {starts: {}}}", "criteria.has.when.starts: is no window"),
        (
            "has: {type: Observation, when: {starts: {last: P6M, before: now}}}",
            "criteria.has.when.starts: gives an edge twice",
        ),
        (
            "has: {type: Observation, when: {starts: {last: 6 months}}}",
            "criteria.has.when.starts.last: not an ISO 8601",
        ),
        (
            "has: {type: Observation, when: {starts: {last: P0D}}}",
            "criteria.has.when.starts.last: is not a positive",
        ),
        (
            "has: {type: Observation, when: {starts: {last: -P1D}}}",
            "criteria.has.when.starts.last: is not a positive",
        ),
        (
            "has: {type: Observation, when: {starts: {before: tomorrow}}}",
            'criteria.has.when.starts.before: is not "now"',
        ),
        (
            "has: {type: Observation, when: {starts: {before: '2021-13-01'}}}",
            'criteria.has.when.starts.before: is not "now"',
        ),
        ("age: {}", "criteria.age: says nothing"),
        ("age: {at_least: 18, below: 18}", "criteria.age: is empty"),
        ("age: {at_least: 18.5}", "criteria.age.at_least: is not a whole number"),
        ("age: {at_least: -1}", "criteria.age.at_least: "),
        (
            "gender: femail",
            "criteria.gender[0]: is none of the words known here (expected 'female', 'male', 'other' or 'unknown')",
        ),
        ("active: 'yes'", "criteria.active: is neither true nor false"),
        ("birth_month: 13", "criteria.birth_month: is not a month"),
        ("address: {}", "criteria.address: says nothing"),
        ("address: {postal_code: 02110}", "criteria.address.postal_code[0]: is not text"),
        ("reachable_by: fax", "criteria.reachable_by[0]: is none of the words known here"),
        ("member_of: [a]", "criteria.member_of: is not text"),
        ("{age: {at_least: 1}, gender: female}", "criteria: is not one criterion"),
        ("[1]", "criteria: is not one criterion"),
        ("all: 1", "criteria.all[0]: is not one criterion"),
    ],
)
def test_a_slip_is_told_where_it_is(criteria: str, said: str):
    problems = told({**HEAD, "criteria": yaml.safe_load(criteria)})
    assert len(problems) == 1
    assert problems[0].startswith(f"segments/x.yaml: {said}")


@pytest.mark.parametrize("document", [None, [], "text", 7])
def test_what_is_no_mapping_is_no_segment(document: object):
    assert told(document)[0].startswith("segments/x.yaml: is not a segment")


def test_a_bar_would_make_url_and_version_one():
    assert told({**HEAD, "url": "a|b", "criteria": {"active": True}})[0].startswith(
        "segments/x.yaml: url: must not"
    )


def test_a_definition_is_immutable_and_can_be_compared():
    one, other = definition("age: {at_least: 18}"), definition("age: {at_least: 18}")
    assert one == other
    assert hash(one) == hash(other)
    with pytest.raises(ValueError, match="frozen"):
        one.title = "x"
    assert one.canonical == "https://example.org/s|1"


def test_the_schema_knows_every_word():
    schema = segment_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["url", "version", "title", "criteria"]
    models = schema["$defs"]
    words = {name for model in models.values() for name in model.get("properties", {})}
    assert set(FAMILIES) <= words
    assert {"class", "from", "unit", "valueset"} <= words
    assert models["AgeRange"]["additionalProperties"] is False
    assert "description" in models["Window"]["properties"]["last"]
