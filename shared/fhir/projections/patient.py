"""Patient (https://hl7.org/fhir/R4/patient.html) → Person: whom we reach, how, and in what language."""

from __future__ import annotations

from datetime import tzinfo
from re import ASCII, compile

from shared.fhir.fact import Person
from shared.fhir.instants import Instant
from shared.fhir.projections import contacts
from shared.fhir.projections.elements import (
    Json,
    Reader,
    codings,
    concepts,
    each,
    flag,
    prose,
    reference,
    references,
    word,
    words,
)
from shared.fhir.projections.timing import UNKNOWN, instant, moment

_BIRTH_DATE = compile(r"\d{4}(-\d\d(-\d\d)?)?", ASCII)
_US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
_EXTENSIONS: dict[str, tuple[str, str, Reader]] = {
    _US_CORE + "birthsex": ("birthsex", "valueCode", words),
    "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired": (
        "interpreter-required",
        "valueBoolean",
        flag,
    ),
}
_OMB = {_US_CORE + "race": "race", _US_CORE + "ethnicity": "ethnicity"}


def person(resource: Json, resource_id: str, version: str, updated: Instant, zone: tzinfo) -> Person:
    """Project a Patient."""
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
        attributes=_attributes(resource),
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
    found: dict[str, tuple[str, ...]] = {}
    if status := concepts(resource.get("maritalStatus")):
        found["marital-status"] = status
    for extension in each(resource.get("extension")):
        name, kept = _extension(extension)
        if name and kept:
            found[name] = kept
    return found


def _extension(extension: Json) -> tuple[str, tuple[str, ...]]:
    url = word(extension.get("url"))
    if name := _OMB.get(url):
        return name, _omb_codes(extension)
    if url not in _EXTENSIONS:
        return "", ()
    name, element, reader = _EXTENSIONS[url]
    return name, reader(extension.get(element))


def _omb_codes(extension: Json) -> tuple[str, ...]:
    """Read US Core race and ethnicity: the categories and the details as tokens, without the text."""
    parts = each(extension.get("extension"))
    return tuple(dict.fromkeys(token for part in parts for token in codings(part.get("valueCoding"))))
