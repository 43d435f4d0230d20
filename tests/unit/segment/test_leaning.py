"""Patterns that lean on each other: never wrong between flips, and the same as a slow reading of them."""

from __future__ import annotations

from datetime import UTC, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.segment.compile import compile_segment
from shared.segment.compiled import CompiledSegment
from shared.segment.definition import parse_segment
from tests.unit.segment import leaning, oracle, strategies
from tests.unit.segment.making import NO_VALUESETS
from tests.unit.segment.test_flips import check


def compiled(body: leaning.Json, zone: tzinfo = UTC) -> CompiledSegment:
    document = {"url": "urn:s", "version": "1", "title": "Test", **body}
    return compile_segment(parse_segment(document, "test.yaml"), NO_VALUESETS, zone)


@pytest.mark.parametrize(
    ("inner", "place"),
    [
        ({"type": "Encounter", "link": "encounterr"}, "criteria.has.with[0].link"),
        ({"type": "Encounter", "linked_by": "visit"}, "criteria.has.with[0].linked_by"),
        ({"from": "nothing"}, "criteria.has.with[0].from"),
        ({"type": "Encounter", "when": {"starts": "sty"}}, "criteria.has.with[0].when"),
    ],
)
def test_what_leans_on_nothing_is_told_where_it_does(inner: leaning.Json, place: str):
    with pytest.raises(Invalid) as caught:
        compiled({"criteria": {"has": {"type": "Observation", "with": [inner]}}})
    assert [problem.where for problem in caught.value.problems] == [f"urn:s|1: {place}"]


@pytest.mark.parametrize("word", ["link", "linked_by"])
def test_a_link_needs_a_resource_above(word: str):
    linked = {"type": "Encounter", word: "part_of"}
    for pattern in (linked, {"any_of": [linked]}):
        with pytest.raises(Invalid, match="links to nothing here"):
            compiled({"criteria": {"has": pattern}})
        with pytest.raises(Invalid, match="links to nothing here"):
            compiled({"matches": {"m": pattern}, "criteria": {"has": "m"}})
    compiled({"criteria": {"has": {"type": "Encounter", "with": [{"any_of": [linked]}]}}})


def test_what_is_joined_is_no_resource_above():
    hung = {"type": "Encounter", "when": {"starts": "this"}}
    with pytest.raises(Invalid, match="there is no match this"):
        compiled({"criteria": {"has": {"any_of": [hung]}}})
    compiled({"criteria": {"has": {"type": "Encounter", "with": [{"any_of": [hung]}]}}})


@given(leaning.scenes(), strategies.zones, st.lists(st.integers(0, 999), min_size=5, max_size=5))
@strategies.THOROUGH
def test_membership_is_never_wrong_between_flips(scene: leaning.Scene, zone: tzinfo, later: list[int]):
    record, body, now = scene
    check(compiled(body, zone), record, now, later)


@given(leaning.scenes(), strategies.zones)
@strategies.THOROUGH
def test_a_definition_means_what_it_says(scene: leaning.Scene, zone: tzinfo):
    record, body, now = scene
    assert compiled(body, zone).evaluate(record, now).member == oracle.member(record, body, now, zone)


@given(leaning.scenes())
@strategies.THOROUGH
def test_the_explanation_agrees_with_the_answer(scene: leaning.Scene):
    record, body, now = scene
    answer = compiled(body).evaluate(record, now)
    assert answer.explanation.holds == answer.member
    assert answer.reason
