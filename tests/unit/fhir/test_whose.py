"""Whose a resource is at a glance: nothing but what the projection says too."""

from __future__ import annotations

import pytest
from hypothesis import given

from shared.errors import Rejected
from shared.fhir.kept import KEPT_TYPES, SHARED_TYPES
from shared.fhir.project import project
from shared.fhir.whose import patient_of
from tests.unit.fhir.test_project_anything import JSON

PATIENT = {"reference": "Patient/p"}
HIDDEN = {"Patient", "Appointment", "Communication", "QuestionnaireResponse", *SHARED_TYPES}
"""Types with patients that stand elsewhere, perhaps several, or nowhere; of a Patient its own id says."""


def patients(resource: dict[str, object]) -> tuple[str, ...]:
    try:
        return project(resource).patients
    except Rejected:
        return ()


@pytest.mark.parametrize("resource_type", sorted(KEPT_TYPES - HIDDEN))
def test_the_element_that_names_the_patient_is_looked_at(resource_type: str) -> None:
    base = {"resourceType": resource_type, "id": "r"}
    naming = [
        name for name in ("subject", "patient", "beneficiary", "for") if patients({**base, name: PATIENT})
    ]
    assert naming
    assert all(patient_of({**base, name: PATIENT}) == "p" for name in naming)


@pytest.mark.parametrize("resource_type", sorted(HIDDEN - {"Patient"}))
def test_what_names_no_patient_so_plainly_is_nobodys(resource_type: str) -> None:
    actors = {"participant": [{"actor": PATIENT}], "recipient": [PATIENT], "source": PATIENT}
    assert patient_of({"resourceType": resource_type, "id": "r", **actors}) == ""


@given(JSON)
def test_anything_at_all_is_read(anything: object) -> None:
    found = patient_of({"resourceType": "Observation", "subject": anything, "patient": anything})
    assert isinstance(found, str)
