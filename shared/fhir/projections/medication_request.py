"""MedicationRequest (https://hl7.org/fhir/R4/medicationrequest.html): what was prescribed."""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import (
    Json,
    attributes,
    concept_title,
    concepts,
    each,
    flag,
    inside,
    patients,
    references,
    word,
    words,
)
from shared.fhir.projections.timing import instant, ordered, period

_ATTRIBUTES = (
    ("intent", "intent", words),
    ("priority", "priority", words),
    ("category", "category", concepts),
    ("doNotPerform", "do-not-perform", flag),
    ("statusReason", "status-reason", concepts),
    ("medicationReference", "medication", references),
    ("courseOfTherapyType", "course-of-therapy", concepts),
    ("encounter", "encounter", references),
    ("requester", "practitioner", references),
    ("reasonCode", "reason", concepts),
    ("reasonReference", "reason", references),
    ("basedOn", "based-on", references),
)


def medication_request(resource: Json, zone: tzinfo) -> Draft:
    """Project a MedicationRequest; the medication's codes are its own, or of the one it contains."""
    medication = _medication(resource)
    validity = inside(resource.get("dispenseRequest"), "validityPeriod")
    start, end = ordered(instant(resource.get("authoredOn"), zone), period(validity, zone)[1])
    return Draft(
        patients=patients(resource.get("subject")),
        status=word(resource.get("status")),
        codes=concepts(medication),
        start=start,
        end=end,
        attributes=attributes(resource, _ATTRIBUTES),
        title=concept_title(medication) or _display(resource),
    )


def _medication(resource: Json) -> object:
    concept = resource.get("medicationCodeableConcept")
    if concept is not None:
        return concept
    literal = word(inside(resource.get("medicationReference"), "reference"))
    if not literal.startswith("#"):
        return None
    held = (item for item in each(resource.get("contained")) if item.get("id") == literal[1:])
    return next((item.get("code") for item in held if item.get("resourceType") == "Medication"), None)


def _display(resource: Json) -> str:
    return word(inside(resource.get("medicationReference"), "display"))
