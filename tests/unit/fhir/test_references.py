"""References: what names one resource, and every trick that does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Rejected
from shared.fhir.references import ResourceKey, parse_reference, parse_version, resource_key

PATIENT = ResourceKey("Patient", "1")
_IDS = st.from_regex(r"\A[A-Za-z0-9\-.]{1,64}\Z").filter(lambda text: text not in (".", ".."))
_TYPES = st.from_regex(r"\A[A-Z][A-Za-z]{2,20}\Z")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Patient/1", None),
        ("/Patient/1", None),
        ("Patient/1/_history/7", "7"),
        ("https://fhirserver.org/fhir/Patient/1", None),
        ("http://localhost:8090/fhir/Patient/1/_history/2", "2"),
        ("{fhir-account}.fhir.azurehealthcareapis.com/Patient/1", None),
        ("acct.fhir.azurehealthcareapis.com/Patient/1", None),
    ],
)
def test_literal_references(text: str, version: str | None) -> None:
    assert parse_reference(text) == (PATIENT, version)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Patient",
        "Patient/",
        "Patient/.",
        "Patient/..",
        "Patient/1/_history/..",
        "../Patient/1",
        "http://host/../Patient/1",
        "host//Patient/1",
        "//Patient/1",
        "%2e%2e/Patient/1",
        "Patient%2f1",
        "Patient/1%00",
        "Patient/1\n",
        "evil\nhost/Patient/1",
        "host\\Patient/1",
        "host?q=/Patient/1",
        "#Patient/1",
        "patient/1",
        "Patient/1/",
        "Patient/1?x=y",
        "Patiént/1",
        "Patient/\uff11",  # a digit of full width
        "Patient/" + "1" * 65,
        "urn:uuid:9e41ff6d-5be6-4e6a-8b85-abd4e7f58400",
        "h/" * 2000 + "Patient/1",
    ],
)
def test_tricks_are_rejected_without_an_echo(text: str) -> None:
    with pytest.raises(Rejected) as caught:
        parse_reference(text)
    assert caught.value.code == "bad-reference"
    assert caught.value.reason == "not a literal FHIR reference"


@given(_TYPES, _IDS, _IDS)
def test_a_reference_reads_back_as_written(resource_type: str, identity: str, version: str) -> None:
    key = ResourceKey(resource_type, identity)
    assert parse_reference(str(key)) == (key, None)
    assert parse_reference(f"https://a.b/c/{key}/_history/{version}") == (key, version)
    assert resource_key(resource_type, identity) == key
    assert parse_version(version) == version


@given(st.text(max_size=80))
def test_any_text_is_a_clean_key_or_rejected(text: str) -> None:
    try:
        key, _ = parse_reference(text)
    except Rejected:
        return
    assert text.isascii()
    assert str(key) in text
    assert ".." not in str(key).split("/")


@pytest.mark.parametrize(
    ("resource_type", "identity"),
    [
        (None, "1"),
        ("Patient", None),
        ("Patient", 1),
        ("x/Patient", "1"),
        ("Patient", "1/_history/2"),
        ("Patient", "1/Observation/2"),
        ({"Patient": 1}, "1"),
    ],
)
def test_a_type_and_an_id_must_be_just_that(resource_type: object, identity: object) -> None:
    with pytest.raises(Rejected):
        resource_key(resource_type, identity)


@pytest.mark.parametrize(("value", "version"), [(None, None), (3, "3"), (0, "0"), ("W3.a-1", "W3.a-1")])
def test_versions(value: object, version: str | None) -> None:
    assert parse_version(value) == version


@pytest.mark.parametrize("value", [True, -1, 2**63, 1.0, "", "..", "a/b", "a b", ["1"], "1\n"])
def test_what_is_no_version_is_rejected(value: object) -> None:
    with pytest.raises(Rejected):
        parse_version(value)
