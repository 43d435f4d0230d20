"""Appointment (https://hl7.org/fhir/R4/appointment.html): journeys are anchored to its start."""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.instants import MINUTE, Instant
from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import (
    Json,
    attributes,
    concept_title,
    concepts,
    each,
    inside,
    patients,
    prose,
    proses,
    reference,
    references,
    within,
    word,
)
from shared.fhir.projections.table import Table, named
from shared.fhir.projections.timing import instant, ordered
from shared.fhir.projections.values import number

_ATTRIBUTES: Table = (
    ("serviceCategory", "service-category", concepts),
    ("specialty", "specialty", concepts),
    ("appointmentType", "appointment-type", concepts),
    ("reasonCode", "reason", concepts),
    ("reasonReference", "reason", references),
    ("cancelationReason", "cancelation-reason", concepts),
    ("patientInstruction", "patient-instruction", proses),
    ("basedOn", "based-on", references),
)
_ACTORS = {
    "Location": "location",
    "Practitioner": "practitioner",
    "PractitionerRole": "practitioner",
    "RelatedPerson": "related-person",
    "HealthcareService": "healthcare-service",
}
_OF_PARTICIPANTS = frozenset((*_ACTORS.values(), "participant-status", "practitioner-name"))
ELEMENTS = {"Appointment": named(_ATTRIBUTES) | _OF_PARTICIPANTS}
_LONGEST_MINUTES = 60 * 24 * 366


def appointment(resource: Json, zone: tzinfo) -> Draft:
    """Project an Appointment; it concerns each patient among its participants."""
    participants = resource.get("participant")
    start, end = _times(resource, zone)
    return Draft(
        patients=tuple(dict.fromkeys(within("actor", patients)(participants))),
        status=word(resource.get("status")),
        codes=concepts(resource.get("serviceType")),
        start=start,
        end=end,
        attributes=attributes(resource, _ATTRIBUTES) | _participants(participants),
        title=prose(resource.get("description")) or concept_title(resource.get("serviceType")),
    )


def _times(resource: Json, zone: tzinfo) -> tuple[Instant | None, Instant | None]:
    start, end = instant(resource.get("start"), zone), instant(resource.get("end"), zone)
    minutes = number(resource.get("minutesDuration"))
    if start is not None and end is None and minutes and 0 < minutes <= _LONGEST_MINUTES:
        end = Instant(start + round(minutes * MINUTE))
    return ordered(start, end)


def _participants(value: object) -> dict[str, tuple[str, ...]]:
    """Sort the actors by kind; keep who answered what ("Patient/1|accepted"), what clinicians are called.

    A Practitioner is a resource of its own, which is not kept: what the appointment calls them is enough.
    """
    found: dict[str, list[str]] = {}
    for participant in each(value):
        actor, answer = reference(participant.get("actor")), word(participant.get("status"))
        if kind := _ACTORS.get(actor.partition("/")[0]):
            found.setdefault(kind, []).append(actor)
        if kind == "practitioner" and (name := prose(inside(participant.get("actor"), "display"))):
            found.setdefault("practitioner-name", []).append(name)
        if actor and answer:
            found.setdefault("participant-status", []).append(f"{actor}|{answer}")
    return {name: tuple(dict.fromkeys(kept)) for name, kept in found.items()}
