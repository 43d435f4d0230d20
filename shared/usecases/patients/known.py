"""Whom a key names: of somebody who is not known, or was forgotten, nothing can be asked for."""

from __future__ import annotations

from shared.errors import Rejected
from shared.fhir.references import parse_reference
from shared.patient.record import PatientRecord, patient_key
from shared.ports import Stored
from shared.usecases.services import Services


def unknown() -> Rejected:
    """Return what is raised of a key that names nobody."""
    return Rejected("there is no such patient here", "unknown-patient")


async def known(services: Services, key: str) -> Stored:
    """Return what is stored of a patient. Raises Rejected (unknown-patient, erased), Unavailable."""
    stored = await services.patients.load(key)
    if not stored.etag:
        raise unknown()
    check_not_erased(stored.record)
    return stored


def check_not_erased(record: PatientRecord) -> None:
    """Refuse to do anything with somebody who was forgotten. Raises Rejected (erased)."""
    if record.erased is not None:
        raise Rejected("this person was erased: nothing is known of them any more", "erased")


def merged_into(record: PatientRecord) -> str:
    """Return the key of the record that this one was merged into, or ""."""
    if record.person is None or not record.person.replaced_by:
        return ""
    try:
        survivor, _ = parse_reference(record.person.replaced_by)
    except Rejected:
        return ""
    return patient_key(survivor.resource_id) if survivor.resource_type == "Patient" else ""
