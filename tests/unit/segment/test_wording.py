"""Criteria in words: each shipped segment can be said, and the kinds of criteria are told apart."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cli.definitions import read_definitions
from shared.segment.definition import parse_segment
from shared.segment.wording import Line, lines
from tests.unit.segment.making import definition

_SHIPPED = [each for each in read_definitions() if each.kind == "segment"]


@pytest.mark.parametrize("document", _SHIPPED, ids=lambda each: each.where)
def test_every_shipped_segment_is_said_without_a_hole(document) -> None:
    """No line is empty, is longer than a screen, or lies deeper than what holds it allows."""
    said = lines(parse_segment(document.body, document.where))
    assert said[0].depth == 0
    for before, line in pairwise(said):
        assert 0 <= line.depth <= before.depth + 1
    for line in said:
        assert line.text == line.text.strip() != ""
        assert len(line.text) < 400
        assert "None" not in line.text
        assert "{" not in line.text


@pytest.mark.parametrize(
    ("criteria", "said"),
    [
        ({"age": {"at_least": 18, "below": 65}}, [(0, "age at least 18, below 65")]),
        ({"gender": "female"}, [(0, "gender female")]),
        ({"active": True}, [(0, "active yes")]),
        ({"member_of": "urn:s"}, [(0, "is in the segment urn:s")]),
        ({"reachable_by": ["sms", "email"]}, [(0, "reachable by sms or email")]),
        (
            {"not": {"any": [{"gender": "male"}, {"has_no": {"type": "Condition", "label": "asthma"}}]}},
            [(0, "not:"), (1, "at least one of these:"), (2, "gender male"), (2, "has no asthma")],
        ),
        (
            {
                "has": {
                    "type": "Observation",
                    "code": "loinc|4548-4",
                    "label": "HbA1c",
                    "which": "latest",
                    "value": {"above": 9, "unit": "%"},
                    "when": {"starts": {"last": "P6M"}},
                }
            },
            [(0, "has latest HbA1c > 9 % in the last 6 months")],
        ),
    ],
)
def test_a_criterion_is_said_as_people_say_it(criteria, said) -> None:
    assert lines(definition(criteria)) == tuple(Line(depth, text) for depth, text in said)


def test_of_many_words_the_first_are_said() -> None:
    (line,) = lines(definition({"language": [f"{first}{last}" for first in "abcd" for last in "abcdefghij"]}))
    assert line.text.startswith("language aa or ab or ")
    assert line.text.endswith(" or 28 more")
