"""What a Patient says about who somebody is: US Core by name, other extensions only where asked for."""

from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from projecting import concept, person
from test_project_anything import JSON

from shared.fhir.instants import Instant
from shared.fhir.kept import ELEMENTS
from shared.fhir.projections.patient import person as project_person

CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
CDC = "urn:oid:2.16.840.1.113883.6.238"


def coding(code: str, system: str = CDC) -> dict[str, object]:
    return {"system": system, "code": code}


def asked(*urls: str, **elements: object) -> dict[str, tuple[str, ...]]:
    """Return the attributes of a Patient of whom these extensions are asked for."""
    resource = {"resourceType": "Patient", "id": "p", **elements}
    return project_person(resource, "p", "", Instant(0), UTC, frozenset(urls)).attributes


def test_race_and_ethnicity_are_categories_details_and_text():
    race = [
        {"url": "ombCategory", "valueCoding": coding("2106-3")},
        {"url": "ombCategory", "valueCoding": coding("1002-5")},
        {"url": "detailed", "valueCoding": coding("1735-0")},
        {"url": "text", "valueString": "White, Alaska Native"},
    ]
    ethnicity = [{"url": "ombCategory", "valueCoding": coding("2135-2")}]
    found = person(
        extension=[
            {"url": CORE + "race", "extension": race},
            {"url": CORE + "ethnicity", "extension": ethnicity},
        ]
    )
    assert found.attributes == {
        "race": (f"{CDC}|2106-3", f"{CDC}|1002-5", f"{CDC}|1735-0"),
        "race-text": ("White, Alaska Native",),
        "ethnicity": (f"{CDC}|2135-2",),
    }


def test_sex_gender_and_births():
    found = person(
        maritalStatus=concept("urn:m", "M"),
        multipleBirthInteger=2,
        extension=[
            {"url": CORE + "birthsex", "valueCode": "F"},
            {"url": CORE + "sex", "valueCode": "248152002"},
            {"url": CORE + "genderIdentity", "valueCodeableConcept": concept("urn:g", "1")},
            {"url": CORE + "genderIdentity", "valueCodeableConcept": {"text": "fluid"}},
        ],
    )
    assert found.attributes == {
        "marital-status": ("urn:m|M",),
        "multiple-birth": ("2",),
        "birth-sex": ("F",),
        "sex": ("248152002",),
        "gender-identity": ("urn:g|1", "fluid"),
    }
    assert person(multipleBirthBoolean=False).attributes == {"multiple-birth": ("false",)}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"valueCode": "x"}, ("x",)),
        ({"valueCoding": coding("x", "urn:s")}, ("urn:s|x",)),
        ({"valueCodeableConcept": concept("urn:s", "x")}, ("urn:s|x",)),
        ({"valueCodeableConcept": {"text": "an x"}}, ("an x",)),
        ({"valueString": "some text"}, ("some text",)),
        ({"valueBoolean": True}, ("true",)),
        ({"valueBoolean": False}, ("false",)),
        ({"valueDate": "2026-01-01"}, ("2026-01-01",)),
        ({"valueDateTime": "2026-01-01T10:00:00Z"}, ("2026-01-01T10:00:00Z",)),
        ({"valueInteger": 7}, ("7",)),
        ({"valueDecimal": 7.25}, ("7.25",)),
        ({"valueQuantity": {"value": 3, "unit": "km"}}, ("3 km",)),
        ({"valueReference": {"reference": "http://other.example/fhir/Organization/1"}}, ("Organization/1",)),
        ({"valueUri": "urn:x"}, ("urn:x",)),
    ],
)
def test_an_extension_that_is_asked_for(value, kept):
    others = [{"url": "urn:other", "valueCode": "secret"}, {"url": "urn:asked", **value}]
    assert asked("urn:asked", extension=others) == {"extension:urn:asked": kept}
    assert asked("urn:asked", modifierExtension=others) == {"extension:urn:asked": kept}
    assert asked(extension=others) == {}


def test_a_part_of_one_is_asked_for_by_its_own_name():
    parts = [{"url": "level", "valueInteger": 3}, {"url": "note", "valueString": "secret"}]
    both = [
        {"url": "urn:x", "extension": parts},
        {"url": "urn:x", "extension": [{**parts[0], "valueInteger": 4}]},
    ]
    assert asked("urn:x#level", extension=both) == {"extension:urn:x#level": ("3", "4")}
    assert asked("urn:x", extension=both) == {}


def test_a_known_one_may_be_asked_for_too():
    found = asked(CORE + "birthsex", extension=[{"url": CORE + "birthsex", "valueCode": "M"}])
    assert found == {"birth-sex": ("M",), f"extension:{CORE}birthsex": ("M",)}


@given(
    st.lists(st.fixed_dictionaries({"url": st.sampled_from(["urn:x", CORE + "race"]), "value": JSON})), JSON
)
@settings(max_examples=100, deadline=None)
def test_whatever_they_hold(held, extension):
    """Anything at all is text that can be stored, under a name that is known."""
    parts = [{"url": each["url"], "extension": each["value"], "valueCoding": each["value"]} for each in held]
    for found in (asked("urn:x", "urn:x#level", extension=parts), asked("urn:x", extension=extension)):
        assert {name for name in found if not name.startswith("extension:urn:x")} <= ELEMENTS["Patient"]
        assert all(kept and word.encode() for words in found.values() for word in words for kept in [word])
