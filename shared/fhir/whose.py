"""Whose a resource is, at a glance: to let what concerns one patient wait in one line.

Who it concerns in truth is for shared.fhir.project to say; here no element is read but the one that names
the patient in nearly all types of the Patient compartment.
"""

from __future__ import annotations

from shared.fhir.projections.elements import Json, patients

_NAMING = ("subject", "patient", "beneficiary", "for")


def patient_of(resource: Json) -> str:
    """Return the id of the patient that a resource names first, or "" where it names none so plainly."""
    found = (patients(resource.get(element)) for element in _NAMING)
    return next(filter(None, found), ("",))[0]
