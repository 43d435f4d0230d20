"""Segments that say something of somebody's health are told from those that do not."""

from __future__ import annotations

import pytest

from shared.catalogue import Document, build_catalogue
from shared.message.policy import Policy
from shared.segment.clinical import is_clinical, may_be_seen

DIABETES = {"has": {"type": "Condition", "code": "http://snomed.info/sct|44054006"}}
PLAIN = {
    "age": {"at_least": 18},
    "gender": "female",
    "language": "es",
    "has": {"type": "Appointment", "status": "booked"},
}
CASES = [
    *(({name: plain}, False) for name, plain in PLAIN.items()),
    (DIABETES, True),
    ({"not": DIABETES}, True),
    ({"any": [{"gender": "female"}, DIABETES]}, True),
    ({"member_of": "urn:diabetes"}, True),
    ({"not": {"member_of": "urn:diabetes"}}, True),
    ({"member_of": "urn:women"}, False),
]


def _built(criteria: object):
    bodies = {"urn:diabetes": DIABETES, "urn:women": {"gender": "female"}, "urn:tried": criteria}
    documents = [
        Document("segment", url, {"url": url, "version": "1", "title": url, "criteria": each})
        for url, each in bodies.items()
    ]
    return build_catalogue(documents, "1-x", Policy()).segments


@pytest.mark.parametrize(("criteria", "clinical"), CASES)
def test_a_segment_is_clinical_by_what_it_reads(criteria: object, clinical: bool) -> None:
    """Also when it asks that something is not so, and when another segment reads it."""
    segments = _built(criteria)
    tried = segments.get("urn:tried")
    assert tried is not None
    assert is_clinical(tried, segments) is clinical
    assert may_be_seen("urn:tried", segments, clinical=False) is not clinical
    assert may_be_seen("urn:tried", segments, clinical=True)


def test_one_that_is_not_there_any_more_may_have_been_clinical() -> None:
    assert not may_be_seen("urn:gone", _built({"gender": "female"}), clinical=False)
