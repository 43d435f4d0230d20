"""Events that other systems tell: read strictly, and nothing of them quoted in what is wrong."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Rejected
from shared.fhir.custom_events import LONGEST_BODY, LONGEST_ID, Told, parse_told
from shared.fhir.instants import parse_instant
from shared.fhir.notification import Limits
from shared.fhir.references import ResourceKey

SECRET = "Lopez"
GOOD = {"id": "4711", "patient": {"reference": "Patient/1"}, "at": "2026-03-01T10:00:00Z"}


def told(name: str = "no-show", **fields: object) -> Told:
    body = {key: value for key, value in {**GOOD, **fields}.items() if value is not ...}
    return parse_told(name, json.dumps(body).encode(), Limits())


def test_by_reference() -> None:
    expected = Told(
        "no-show",
        "no-show|4711",
        ResourceKey("Patient", "1"),
        None,
        parse_instant("2026-03-01T10:00:00Z"),
    )
    assert told() == expected
    assert told(patient={"reference": "https://fhir.example/Patient/1"}) == expected


def test_by_identifier_and_without_an_instant() -> None:
    found = told(patient={"identifier": {"system": "urn:mrn", "value": "1|2"}}, at=...)
    assert (found.patient, found.identifier, found.at) == (None, ("urn:mrn", "1|2"), None)


def test_ids_of_two_sorts_of_events_are_two() -> None:
    assert told("arrived").event_id != told("left").event_id


@pytest.mark.parametrize("name", ["", "No-Show", "-x", "a b", "a/b", "x" * 65, "é"])
def test_bad_names(name: str) -> None:
    with pytest.raises(Rejected) as caught:
        told(name)
    assert caught.value.code == "bad-name"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"id": ...}, "bad-event"),
        ({"id": 4711}, "bad-event"),
        ({"id": " "}, "bad-event"),
        ({"id": f"{SECRET} 1"}, "bad-event"),
        ({"id": "x" * (LONGEST_ID + 1)}, "bad-event"),
        ({"patient": ...}, "bad-event"),
        ({"patient": SECRET}, "bad-event"),
        ({"patient": {}}, "bad-event"),
        ({"patient": {"reference": "Patient/1", "identifier": {}}}, "bad-event"),
        ({"patient": {"reference": SECRET}}, "bad-reference"),
        ({"patient": {"reference": "Group/1"}}, "bad-reference"),
        ({"patient": {"identifier": {"value": SECRET}}}, "bad-event"),
        ({"patient": {"identifier": {"system": "urn:x", "value": "x" * 600}}}, "bad-event"),
        ({"at": "yesterday"}, "bad-event"),
        ({"at": "2026-03-01T10:00:00"}, "bad-event"),
        ({"at": "2026"}, "bad-event"),
        ({"at": None}, "bad-event"),
        ({SECRET: 1}, "bad-event"),
    ],
)
def test_bad_bodies(fields: dict[str, object], code: str) -> None:
    with pytest.raises(Rejected) as caught:
        told(**fields)
    assert caught.value.code == code
    assert SECRET not in caught.value.reason


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad-json"),
        (b"[]", "bad-event"),
        (b"\xff", "bad-json"),
        (b" " * (LONGEST_BODY + 1), "too-large"),
    ],
)
def test_what_is_no_event_at_all(body: bytes, code: str) -> None:
    with pytest.raises(Rejected) as caught:
        parse_told("no-show", body, Limits())
    assert caught.value.code == code


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries({}, optional={"id": _ANY, "patient": _ANY, "at": _ANY}) | _ANY, st.text(max_size=5)
)
def test_rubbish_is_always_rejected_and_never_a_bug(body: object, name: str) -> None:
    try:
        found = parse_told(name, json.dumps(body).encode(), Limits())
    except Rejected:
        return
    assert (found.patient is None) != (found.identifier is None)
