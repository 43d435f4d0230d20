"""When nobody, or nothing, is left to write about: the endings journeys and messages both look at."""

from __future__ import annotations

from shared.fhir.fact import Person

ENDED_STATUSES = frozenset({"cancelled", "noshow", "entered-in-error"})
"""Statuses after which a resource will not take place: Appointment and Encounter have them in FHIR R4."""


def why_lost(person: Person | None) -> str:
    """Return why nothing may be sent to this person any more, or ""; an unknown person is not lost."""
    if person is None:
        return ""
    if person.gone:
        return "the patient's record was deleted"
    if person.deceased:
        return "the patient has died"
    if person.replaced_by:
        return "the patient's record was merged into another"
    return "" if person.active else "the patient's record is inactive"
