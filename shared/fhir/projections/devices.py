"""DeviceRequest and DeviceUseStatement: what was ordered for a patient to use, and what is used.

https://hl7.org/fhir/R4/devicerequest.html , …/deviceusestatement.html
"""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import (
    Json,
    attributes,
    concept_title,
    concepts,
    contained,
    flag,
    inside,
    patients,
    prose,
    references,
    word,
    words,
)
from shared.fhir.projections.extensions import REASON_NOT, prohibits, unnamed
from shared.fhir.projections.table import Table, named
from shared.fhir.projections.timing import UNKNOWN, choice, instant

_REQUEST: Table = (
    ("intent", "intent", words),
    ("priority", "priority", words),
    ("doNotPerform", "do-not-perform", flag),
    ("modifierExtension", "do-not-perform", prohibits),
    ("extension", "status-reason", REASON_NOT),
    ("codeReference", "device", references),
    ("codeCodeableConcept", "not-done-valueset", unnamed),
    ("authoredOn", "authored-on", words),
    ("encounter", "encounter", references),
    ("requester", "requester", references),
    ("performer", "performer", references),
    ("performerType", "performer-type", concepts),
    ("reasonCode", "reason", concepts),
    ("reasonReference", "reason", references),
    ("basedOn", "based-on", references),
)
_USE: Table = (
    ("device", "device", references),
    ("source", "source", references),
    ("recordedOn", "recorded-date", words),
    ("bodySite", "body-site", concepts),
    ("reasonCode", "reason", concepts),
    ("reasonReference", "reason", references),
    ("basedOn", "based-on", references),
    ("derivedFrom", "derived-from", references),
)
ELEMENTS = {"DeviceRequest": named(_REQUEST), "DeviceUseStatement": named(_USE)}


def device_request(resource: Json, zone: tzinfo) -> Draft:
    """Project a DeviceRequest: when the device shall be used, or since when it is asked for."""
    start, end = choice(resource, "occurrence", zone)
    if (start, end) == UNKNOWN:
        start = instant(resource.get("authoredOn"), zone)
    concept = resource.get("codeCodeableConcept")
    device = resource.get("codeReference")
    kind = _kind(resource, device) if concept is None else concept
    return Draft(
        patients=patients(resource.get("subject")),
        status=word(resource.get("status")),
        codes=concepts(kind),
        start=start,
        end=end,
        attributes=attributes(resource, _REQUEST),
        title=concept_title(kind) or prose(inside(device, "display")),
    )


def device_use_statement(resource: Json, zone: tzinfo) -> Draft:
    """Project a DeviceUseStatement; its codes are the type of a Device that it contains."""
    start, end = choice(resource, "timing", zone)
    kind = _kind(resource, resource.get("device"))
    return Draft(
        patients=patients(resource.get("subject")),
        status=word(resource.get("status")),
        codes=concepts(kind),
        start=start,
        end=end,
        attributes=attributes(resource, _USE),
        title=concept_title(kind) or prose(inside(resource.get("device"), "display")),
    )


def _kind(resource: Json, device: object) -> object:
    return inside(contained(resource, device, "Device"), "type")
