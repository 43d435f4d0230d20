"""Location (https://hl7.org/fhir/R4/location.html): shared by many patients, so it concerns none of them."""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.projections import contacts
from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import (
    Json,
    attributes,
    concepts,
    each,
    prose,
    proses,
    references,
    word,
    words,
)
from shared.fhir.projections.table import Table, named

_ZONE = "http://hl7.org/fhir/StructureDefinition/timezone"


def _address(value: object) -> tuple[str, ...]:
    return tuple(map(contacts.shown_address, contacts.addresses(value)))


def _zone(value: object) -> tuple[str, ...]:
    """Read the standard timezone extension, an IANA name."""
    said = (words(item.get("valueCode")) for item in each(value) if item.get("url") == _ZONE)
    return next(filter(None, said), ())


_ATTRIBUTES: Table = (
    ("alias", "alias", proses),
    ("description", "description", proses),
    ("mode", "mode", words),
    ("physicalType", "physical-type", concepts),
    ("address", "address", _address),
    ("extension", "time-zone", _zone),
    ("partOf", "part-of", references),
    ("managingOrganization", "managing-organization", references),
)
_SYSTEMS = ("phone", "email", "url")
ELEMENTS = {"Location": named(_ATTRIBUTES) | {*_SYSTEMS}}


def location(resource: Json, zone: tzinfo) -> Draft:
    """Project a Location; phone, email and address are attributes, its name is the title."""
    points = contacts.telecom(resource.get("telecom"), zone)
    kept = attributes(resource, _ATTRIBUTES)
    for system in _SYSTEMS:
        if reached := contacts.reachable(points, system):
            kept[system] = reached
    return Draft(
        patients=(),
        status=word(resource.get("status")),
        codes=concepts(resource.get("type")),
        attributes=kept,
        title=prose(resource.get("name")),
    )
