"""Procedure (https://hl7.org/fhir/R4/procedure.html) and Immunization (…/immunization.html): deeds done."""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import (
    Json,
    attributes,
    concept_title,
    concepts,
    patients,
    proses,
    references,
    within,
    word,
    words,
)
from shared.fhir.projections.extensions import RECORDED, unnamed
from shared.fhir.projections.table import Table, named
from shared.fhir.projections.timing import UNKNOWN, choice, moment
from shared.fhir.projections.values import numeral

_PROCEDURE: Table = (
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
    ("partOf", "part-of", references),
    ("extension", "recorded-date", RECORDED),
    ("code", "not-done-valueset", unnamed),
)
_IMMUNIZATION: Table = (
    ("statusReason", "status-reason", concepts),
    ("encounter", "encounter", references),
    ("reasonCode", "reason", concepts),
    ("location", "location", references),
    ("performer", "performer", within("actor", references)),
    ("protocolApplied", "target-disease", within("targetDisease", concepts)),
    ("protocolApplied", "series", within("series", proses)),
    ("protocolApplied", "dose-number", within("doseNumberString", proses)),
    ("protocolApplied", "dose-number", within("doseNumberPositiveInt", numeral)),
    ("recorded", "recorded-date", words),
    ("vaccineCode", "not-done-valueset", unnamed),
)
ELEMENTS = {"Procedure": named(_PROCEDURE), "Immunization": named(_IMMUNIZATION)}


def procedure(resource: Json, zone: tzinfo) -> Draft:
    """Project a Procedure; what was not done was so when that was recorded."""
    start, end = choice(resource, "performed", zone)
    kept = attributes(resource, _PROCEDURE)
    if (start, end) == UNKNOWN and "recorded-date" in kept:
        start, end = moment(kept["recorded-date"][0], zone)
    return Draft(
        patients=patients(resource.get("subject")),
        status=word(resource.get("status")),
        codes=concepts(resource.get("code")),
        start=start,
        end=end,
        attributes=kept,
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
