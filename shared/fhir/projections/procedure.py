"""Procedure (https://hl7.org/fhir/R4/procedure.html) and Immunization (…/immunization.html): deeds done."""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import (
    Json,
    attributes,
    concept_title,
    concepts,
    each,
    patients,
    proses,
    references,
    within,
    word,
)
from shared.fhir.projections.timing import choice
from shared.fhir.projections.values import number

_PROCEDURE = (
    ("category", "category", concepts),
    ("statusReason", "status-reason", concepts),
    ("encounter", "encounter", references),
    ("reasonCode", "reason", concepts),
    ("reasonReference", "reason", references),
    ("performer", "performer", within("actor", references)),
    ("location", "location", references),
    ("bodySite", "body-site", concepts),
    ("outcome", "outcome", concepts),
    ("followUp", "follow-up", concepts),
    ("basedOn", "based-on", references),
)


def _doses(value: object) -> tuple[str, ...]:
    """Read the dose numbers of Immunization.protocolApplied, which may be numbers or strings."""
    counted = (number(protocol.get("doseNumberPositiveInt")) for protocol in each(value))
    named = within("doseNumberString", proses)(value)
    return named + tuple(f"{count:g}" for count in counted if count is not None)


_IMMUNIZATION = (
    ("statusReason", "status-reason", concepts),
    ("encounter", "encounter", references),
    ("reasonCode", "reason", concepts),
    ("location", "location", references),
    ("performer", "performer", within("actor", references)),
    ("protocolApplied", "target-disease", within("targetDisease", concepts)),
    ("protocolApplied", "series", within("series", proses)),
    ("protocolApplied", "dose-number", _doses),
)


def procedure(resource: Json, zone: tzinfo) -> Draft:
    """Project a Procedure."""
    start, end = choice(resource, "performed", zone)
    return Draft(
        patients=patients(resource.get("subject")),
        status=word(resource.get("status")),
        codes=concepts(resource.get("code")),
        start=start,
        end=end,
        attributes=attributes(resource, _PROCEDURE),
        title=concept_title(resource.get("code")),
    )


def immunization(resource: Json, zone: tzinfo) -> Draft:
    """Project an Immunization."""
    start, end = choice(resource, "occurrence", zone)
    return Draft(
        patients=patients(resource.get("patient")),
        status=word(resource.get("status")),
        codes=concepts(resource.get("vaccineCode")),
        start=start,
        end=end,
        attributes=attributes(resource, _IMMUNIZATION),
        title=concept_title(resource.get("vaccineCode")),
    )
