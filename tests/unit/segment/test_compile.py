"""Compiling: value sets and other segments found, or every one that is missing told."""

from __future__ import annotations

from datetime import UTC

import pytest

from shared.errors import Invalid
from shared.segment.compile import compile_segment, compile_segments
from tests.unit.segment.making import NO_VALUESETS, at, definition, observation, record, segment

NOW = "2021-06-01"


def test_value_sets_that_are_not_defined_are_all_told():
    rule = """
        all:
          - has: {type: Condition, valueset: [urn:a, urn:b]}
          - not: {has_no: {type: Observation, value: {valueset: urn:c}}}
          - has: {type: Observation, component: {valueset: urn:d}}
    """
    with pytest.raises(Invalid) as caught:
        compile_segment(definition(rule), NO_VALUESETS, UTC, where="x.yaml")
    assert [problem.where for problem in caught.value.problems] == [
        "x.yaml: criteria.all[0].has.valueset[0]",
        "x.yaml: criteria.all[0].has.valueset[1]",
        "x.yaml: criteria.all[1].not.has_no.value.valueset[0]",
        "x.yaml: criteria.all[2].has.component[0].valueset[0]",
    ]
    assert caught.value.problems[0].what == "value set urn:a is not defined"


def test_a_segment_that_is_not_defined_is_told():
    with pytest.raises(Invalid) as caught:
        segment("any: [member_of: urn:other]")
    assert str(caught.value).startswith(
        "https://example.org/s|1: criteria.any[0].member_of: urn:other is no segment"
    )


def test_segments_may_refer_to_each_other_in_any_order():
    women = definition("gender: female", url="urn:women")
    adults = definition("age: {at_least: 18}", url="urn:adults")
    both = definition("all: [member_of: urn:women, member_of: urn:adults]", url="urn:both")
    compiled = compile_segments([both, adults, women], NO_VALUESETS, UTC)
    assert [s.url for s in compiled] == ["urn:adults", "urn:women", "urn:both"]
    last = compiled[-1]
    assert last.depends == ("urn:women", "urn:adults")
    assert last.touches >= compiled[0].touches | compiled[1].touches
    young = last.evaluate(record(), at("1990-01-01"))
    assert (young.member, young.next_flip) == (False, at("1998-05-17"))
    assert young.reason == "Test: aged 9 years"


def test_circles_and_doubles_are_told():
    one = definition("member_of: urn:2", url="urn:1")
    two = definition("not: {member_of: urn:1}", url="urn:2")
    three = definition("active: true", url="urn:3")
    with pytest.raises(Invalid) as caught:
        compile_segments([one, two, three, three], NO_VALUESETS, UTC, {"urn:3|1": "three.yaml"})
    assert [str(p) for p in caught.value.problems] == [
        "three.yaml: this url is defined twice (expected one current version of each segment)",
        "urn:1|1: criteria: refers to itself through member_of (expected no circle)",
        "urn:2|1: criteria: refers to itself through member_of (expected no circle)",
    ]


def test_a_composite_foretells_the_flip_and_not_merely_a_bound():
    """Two failing parts turn at different times; what one of them does first changes nothing."""
    rule = """
        all:
          - has: {type: Observation, when: {starts: {last: P1M}}}
          - age: {at_least: 50}
    """
    who = record(observation(7, "2030-05-10"), observation(7, "2021-07-01", "2"))
    evaluation = segment(rule).evaluate(who, at(NOW))
    assert (evaluation.member, evaluation.next_flip) == (False, at("2030-05-17"))
