"""Value sets as FHIR gives them."""

from __future__ import annotations

import pytest

from shared.errors import Invalid
from shared.segment.valuesets import ValueSets

SCT = "http://snomed.info/sct"


def value_set(url: str = "urn:v", version: str = "1", **body: object) -> dict[str, object]:
    return {"resourceType": "ValueSet", "url": url, "version": version, **body}


def compose(*codes: str) -> dict[str, object]:
    return {"include": [{"system": SCT, "concept": [{"code": code} for code in codes]}]}


def test_listed_concepts():
    sets = ValueSets.of([value_set(compose=compose("1", "2"))])
    assert sets.tokens("urn:v") == {f"{SCT}|1", f"{SCT}|2"}
    assert sets.urls == ("urn:v",)


def test_an_expansion_comes_first_and_is_read_to_its_depth():
    nested = {"system": SCT, "code": "3", "inactive": True}
    group = {"system": SCT, "code": "group", "abstract": True, "contains": [nested]}
    expansion = {
        "contains": [
            {"system": SCT, "code": "1"},
            group,
            {"display": "a heading", "contains": [{"code": "4"}]},
        ]
    }
    sets = ValueSets.of([value_set(expansion=expansion, compose=compose("9"))])
    assert sets.tokens("urn:v") == {f"{SCT}|1", f"{SCT}|3", "|4"}


def test_a_version_is_pinned_or_the_latest():
    old, new = value_set(version="1.9", compose=compose("1")), value_set(version="1.10", compose=compose("2"))
    sets = ValueSets.of([new, old])
    assert sets.tokens("urn:v") == {f"{SCT}|2"}
    assert sets.tokens("urn:v|1.9") == {f"{SCT}|1"}
    with pytest.raises(KeyError):
        sets.tokens("urn:v|2")
    with pytest.raises(KeyError):
        sets.tokens("urn:other")


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ({"resourceType": "Patient"}, "a value set: is not a ValueSet with a url"),
        (value_set(url=""), "a value set: is not a ValueSet with a url"),
        (value_set(), "urn:v: has no codes"),
        (value_set(compose=7), "urn:v: has no codes"),
        (
            value_set(compose={"include": [{"system": SCT, "filter": [{}]}]}),
            "urn:v: compose.include[0]: does not simply",
        ),
        (
            value_set(compose={"include": [{"valueSet": ["urn:x"]}]}),
            "urn:v: compose.include[0]: does not simply",
        ),
        (
            value_set(compose={**compose("1"), "exclude": [{"system": SCT}]}),
            "urn:v: compose.exclude: needs a terminology",
        ),
    ],
)
def test_what_cannot_be_read_is_told(resource: dict[str, object], said: str):
    with pytest.raises(Invalid) as caught:
        ValueSets.of([resource])
    assert str(caught.value).startswith(said)


def test_a_version_that_is_two_things_is_told():
    with pytest.raises(Invalid, match="defined twice"):
        ValueSets.of([value_set(compose=compose("1")), value_set(compose=compose("2"))])
    same = value_set(compose=compose("1"))
    assert ValueSets.of([same, same]).tokens("urn:v|1") == {f"{SCT}|1"}
