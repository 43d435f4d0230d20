"""Whom a key names, as those who look at a person are told: that somebody was erased is said to them."""

from __future__ import annotations

from shared.errors import Rejected
from shared.patient.record import PatientRecord, patient_key
from shared.ports import Stored
from shared.usecases.known import stored_of
from shared.usecases.merge import survivor_of
from shared.usecases.services import Services


async def known(services: Services, key: str) -> Stored:
    """Return what is stored of a patient. Raises Rejected (unknown-patient, erased), Unavailable."""
    stored = await stored_of(services, key)
    check_not_erased(stored.record)
    return stored


def check_not_erased(record: PatientRecord) -> None:
    """Refuse to do anything with somebody who was forgotten. Raises Rejected (erased)."""
    if record.erased is not None:
        raise Rejected("this person was erased: nothing is known of them any more", "erased")


def merged_into(record: PatientRecord) -> str:
    """Return the key of the record that this one was merged into, or ""."""
    survivor = survivor_of(record)
    return patient_key(survivor) if survivor else ""
