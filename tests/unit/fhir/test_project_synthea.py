"""project() over the whole Synthea population, whole and damaged; figures from the data folder's README."""

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_project_anything import JSON, check

from shared.fhir.fact import Fact, Person
from shared.fhir.project import Projection, project

ROOT = Path(__file__).parents[3]
FOLDER = Path(os.environ.get("HEARTHLINE_DATA", ROOT.parent / "shared" / "data")) / "synthea"
COUNTS = {
    "Patient": 615,
    "Encounter": 18_098,
    "Condition": 4_546,
    "Observation": 88_674,
    "MedicationRequest": 4_712,
    "Procedure": 14_081,
    "Immunization": 7_389,
    "CarePlan": 1_769,
    "AllergyIntolerance": 374,
    "DiagnosticReport": 6_262,
}
DIABETES = "http://snomed.info/sct|44054006"
HBA1C = "http://loinc.org|4548-4"
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="no test data: set HEARTHLINE_DATA, or put shared/data beside the project"
)


def resources(resource_type: str) -> Iterator[dict[str, object]]:
    with gzip.open(FOLDER / f"{resource_type}.ndjson.gz") as lines:
        yield from map(orjson.loads, lines)


def projections(resource_type: str) -> Iterator[Projection]:
    return map(project, resources(resource_type))


def facts(resource_type: str) -> Iterator[tuple[str, Fact]]:
    for found in projections(resource_type):
        assert isinstance(found.content, Fact)
        yield found.patients[0], found.content


@pytest.mark.parametrize("resource_type", COUNTS)
def test_every_resource_projects_with_one_patient_a_status_and_codes(resource_type):
    seen = 0
    for found in projections(resource_type):
        seen += 1
        assert len(found.patients) == 1
        if isinstance(found.content, Fact):
            assert found.content.status
            assert found.content.codes
            assert found.content.title
            assert found.content.start is not None or resource_type == "AllergyIntolerance"
    assert seen == COUNTS[resource_type]


def test_people_are_read_as_the_readme_counts_them():
    people = [found.content for found in projections("Patient")]
    assert all(isinstance(p, Person) and p.names and p.birth_date and len(p.telecom) == 1 for p in people)
    assert sum(p.deceased and p.deceased_at is not None for p in people if isinstance(p, Person)) == 124
    first = [p.languages[0] for p in people if isinstance(p, Person)]
    counts = {tag: first.count(tag) for tag in ("en-US", "es", "pt", "zh", "fr")}
    assert counts == {"en-US": 494, "es": 59, "pt": 22, "zh": 17, "fr": 8}


def test_diabetic_patients_and_their_last_hba1c_agree_with_an_independent_engine():
    diabetic = {p for p, f in facts("Condition") if f.status == "active" and DIABETES in f.codes}
    assert len(diabetic) == 37
    last: dict[str, Fact] = {}
    for patient, found in facts("Observation"):
        if patient in diabetic and HBA1C in found.codes:
            known = last.get(patient)
            if known is None or (known.start or 0) < (found.start or 0):
                last[patient] = found
    high = {p for p, f in last.items() if f.value and f.value.number is not None and f.value.number > 6.5}
    dead = {
        found.patients[0] for found in projections("Patient") if getattr(found.content, "deceased", False)
    }
    assert len(high) == 10
    assert len(high - dead) == 9


def test_blood_pressures_have_both_components():
    panels = [f for _, f in facts("Observation") if "http://loinc.org|55284-4" in f.codes]
    assert panels
    assert all(c.value.unit in {"mm[Hg]", ""} and c.value.number for f in panels for c in f.components)
    assert {len(f.components) for f in panels} == {2}


SAMPLES = [next(resources(kind)) for kind in COUNTS] if FOLDER.is_dir() else [{}]


@given(st.sampled_from(SAMPLES), st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_resources_project_or_are_rejected(sample, data):
    damaged = orjson.loads(orjson.dumps(sample))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(list(places(damaged))))
        holder[key] = data.draw(JSON)
    check(damaged)


def places(node: object) -> Iterator[tuple[object, object]]:
    """Name every place in a resource that holds something, as (container, key)."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else []
    for key in keys:
        yield node, key
        yield from places(node[key])
