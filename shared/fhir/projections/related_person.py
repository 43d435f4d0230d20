"""RelatedPerson (https://hl7.org/fhir/R4/relatedperson.html): family and carers, and how to reach them."""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.projections import contacts
from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import Json, concept_title, concepts, patients, words
from shared.fhir.projections.timing import period
from shared.fhir.spelled import spelled

ELEMENTS = {
    "RelatedPerson": frozenset(
        (
            *("relationship", "name", "phone", "email", "language", "address", "gender", "birth-date"),
            *("spelled-name", "spelled-telecom", "spelled-address"),
        )
    )
}


def related_person(resource: Json, zone: tzinfo) -> Draft:
    """Project a RelatedPerson; name, phone, email and language are attributes.

    What is "spelled" is whole, for writing to them: see shared.fhir.spelled.
    """
    start, end = period(resource.get("period"), zone)
    relationship = concepts(resource.get("relationship"))
    return Draft(
        patients=patients(resource.get("patient")),
        status="inactive" if resource.get("active") is False else "active",
        codes=relationship,
        start=start,
        end=end,
        attributes=_attributes(resource, relationship, zone),
        title=concept_title(resource.get("relationship")),
    )


def _attributes(resource: Json, relationship: tuple[str, ...], zone: tzinfo) -> dict[str, tuple[str, ...]]:
    points = contacts.telecom(resource.get("telecom"), zone)
    called = contacts.names(resource.get("name"))
    lives = contacts.addresses(resource.get("address"))
    found = {
        "relationship": relationship,
        "name": tuple(filter(None, map(contacts.shown_name, called))),
        "phone": contacts.reachable(points, "phone", "sms"),
        "email": contacts.reachable(points, "email"),
        "language": contacts.languages(resource.get("communication")),
        "address": tuple(map(contacts.shown_address, lives)),
        "gender": words(resource.get("gender")),
        "birth-date": words(resource.get("birthDate")),
        "spelled-name": spelled(called),
        "spelled-telecom": spelled(points),
        "spelled-address": spelled(lives),
    }
    return {name: kept for name, kept in found.items() if kept}
