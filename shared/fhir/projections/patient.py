"""Patient (https://hl7.org/fhir/R4/patient.html) → Person: whom we reach, how, and in what language."""

from __future__ import annotations

from datetime import tzinfo
from re import ASCII, compile

from shared.fhir.fact import Person
from shared.fhir.instants import Instant
from shared.fhir.projections import contacts
from shared.fhir.projections.elements import (
    Json,
    concepts,
    each,
    prose,
    reference,
    references,
    word,
)
from shared.fhir.projections.extensions import simple
from shared.fhir.projections.patient_extensions import NAMES, asked, known
from shared.fhir.projections.timing import UNKNOWN, instant, moment
from shared.fhir.projections.values import numeral

_BIRTH_DATE = compile(r"\d{4}(-\d\d(-\d\d)?)?", ASCII)
ELEMENTS = {"Patient": NAMES | {"marital-status", "multiple-birth"}}
_NONE: frozenset[str] = frozenset()


def person(
    resource: Json,
    resource_id: str,
    version: str,
    updated: Instant,
    zone: tzinfo,
    extensions: frozenset[str] = _NONE,
) -> Person:
    """Project a Patient; `extensions` are the URLs, "url#part" for a part inside, of those to keep besides.

    Those are attributes "extension:URL"; of what nobody asks for nothing is kept.
    """
    died = resource.get("deceasedDateTime")
    return Person(
        resource_id=resource_id,
        version=version,
        updated=updated,
        active=resource.get("active") is not False,
        # A date of death that cannot be read is still a death: nobody must be written to.
        deceased=resource.get("deceasedBoolean") is True or bool(died and isinstance(died, str)),
        deceased_at=instant(died, zone),
        birth_date=_birth_date(resource.get("birthDate"), zone),
        gender=word(resource.get("gender")),
        names=contacts.names(resource.get("name")),
        telecom=contacts.telecom(resource.get("telecom"), zone),
        languages=contacts.languages(resource.get("communication")),
        addresses=contacts.addresses(resource.get("address")),
        links=_links(resource.get("link"), f"Patient/{resource_id}"),
        identifiers=_identifiers(resource.get("identifier")),
        managing_organization=reference(resource.get("managingOrganization")),
        general_practitioners=references(resource.get("generalPractitioner")),
        attributes=_attributes(resource) | asked(resource, extensions),
    )


def _birth_date(value: object, zone: tzinfo) -> str:
    found = word(value)
    return found if _BIRTH_DATE.fullmatch(found) and moment(found, zone) != UNKNOWN else ""


def _links(value: object, own: str) -> tuple[tuple[str, str], ...]:
    """Read Patient.link; one that points at itself is dropped, as it would merge the record away."""
    found = ((word(link.get("type")), reference(link.get("other"))) for link in each(value))
    return tuple((kind, other) for kind, other in found if kind and other and other != own)


def _identifiers(value: object) -> tuple[str, ...]:
    found = ((word(item.get("system")), prose(item.get("value"))) for item in each(value))
    return tuple(f"{system}|{given}" for system, given in found if given)


def _attributes(resource: Json) -> dict[str, tuple[str, ...]]:
    found = known(resource.get("extension"))
    if status := concepts(resource.get("maritalStatus")):
        found["marital-status"] = status
    born = simple({"valueBoolean": resource.get("multipleBirthBoolean")})
    if born := born or numeral(resource.get("multipleBirthInteger")):
        found["multiple-birth"] = born
    return found
