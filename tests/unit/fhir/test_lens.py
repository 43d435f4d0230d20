"""The lens: what it looks for is marked in the fact, and a fact says whether all has been looked for."""

from __future__ import annotations

from datetime import UTC

import pytest
from msgspec.structs import replace

from shared.fhir.fact import Fact, Person
from shared.fhir.lens import EMPTY, Lens, mark_of, union
from shared.fhir.project import project, tombstone
from shared.fhir.references import ResourceKey

HIGH = "value.ofType(Quantity).value > 9"
FINAL = "status = 'final'"
DEVICE = "http://example.org/device"
PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "extension": [
        {"url": DEVICE, "valueCode": "poc"},
        {"url": "http://example.org/all", "extension": [{"url": "part", "valueString": "x"}]},
    ],
}


def observation(number: float) -> dict:
    return {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "valueQuantity": {"value": number},
    }


def lens(*texts: str, kind: str = "Observation") -> Lens:
    return Lens({kind: frozenset(texts)})


def seen(resource: dict, through: Lens) -> Fact | Person:
    return project(resource, UTC, through).content


def test_a_filter_leaves_a_mark_whether_true_or_not():
    marks = seen(observation(9.5), lens(HIGH, FINAL)).attributes["fhirpath"]
    assert set(marks) == {f"+{mark_of(HIGH)}", f"+{mark_of(FINAL)}"}
    assert seen(observation(8), lens(HIGH)).attributes["fhirpath"] == (f"-{mark_of(HIGH)}",)


def test_filters_of_another_type_leave_none():
    assert "fhirpath" not in seen(observation(9), lens(HIGH, kind="Condition")).attributes
    assert seen(observation(9), lens(HIGH, kind="Condition")) == seen(observation(9), EMPTY)


def test_a_patient_has_marks_and_extensions():
    asked = Lens(
        {"Patient": frozenset({"gender.exists()"})}, frozenset({DEVICE, "http://example.org/all#part"})
    )
    found = seen(PATIENT, asked).attributes
    assert found["fhirpath"] == (f"-{mark_of('gender.exists()')}",)
    assert found[f"extension:{DEVICE}"] == ("poc",)
    assert found["extension:http://example.org/all#part"] == ("x",)


def test_nothing_of_a_patient_is_kept_that_nobody_asks_for():
    assert seen(PATIENT, EMPTY).attributes == {}


@pytest.mark.parametrize(
    ("resource", "looked", "asked", "covered"),
    [
        (observation(1), EMPTY, EMPTY, True),
        (observation(1), EMPTY, lens(HIGH), False),
        (observation(1), lens(HIGH), lens(HIGH), True),
        (observation(1), lens(HIGH, FINAL), lens(HIGH), True),
        (observation(1), lens(HIGH), lens(HIGH, FINAL), False),
        (observation(1), EMPTY, lens(HIGH, kind="Condition"), True),
        (observation(1), EMPTY, Lens(extensions=frozenset({DEVICE})), True),
        (PATIENT, EMPTY, Lens(extensions=frozenset({DEVICE})), False),
        (PATIENT, Lens(extensions=frozenset({DEVICE})), Lens(extensions=frozenset({DEVICE})), True),
        (PATIENT, Lens(extensions=frozenset({DEVICE})), Lens(extensions=frozenset({DEVICE, "x:y"})), False),
        (
            {"resourceType": "Patient", "id": "p"},
            Lens(extensions=frozenset({"x:y"})),
            Lens(extensions=frozenset({"x:y"})),
            True,
        ),
    ],
)
def test_whether_all_has_been_looked_for(resource, looked, asked, covered):
    assert asked.covers(seen(resource, looked)) is covered


def test_what_is_gone_needs_no_looking():
    assert lens(HIGH).covers(tombstone(ResourceKey("Observation", "o"), "2", 0))


def test_a_lens_is_known_by_what_it_looks_for():
    assert EMPTY.digest == Lens().digest == Lens({}, frozenset()).digest == ""
    assert lens(HIGH, FINAL).digest == lens(FINAL, HIGH).digest != lens(HIGH).digest
    assert Lens(extensions=frozenset({DEVICE})).digest not in ("", lens(DEVICE, kind="Patient").digest)
    assert replace(lens(HIGH)).digest == lens(HIGH).digest


def test_a_union_looks_for_all():
    both = union([lens(HIGH), EMPTY, lens(FINAL), Lens(extensions=frozenset({DEVICE}))])
    assert both == Lens({"Observation": frozenset({HIGH, FINAL})}, frozenset({DEVICE}))
    assert union([]) is union([EMPTY, EMPTY]) is EMPTY
