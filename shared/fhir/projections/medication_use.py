"""MedicationDispense, MedicationAdministration and MedicationStatement: what was handed out, given, taken.

https://hl7.org/fhir/R4/medicationdispense.html , …/medicationadministration.html , …/medicationstatement.html
"""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import (
    Json,
    attributes,
    concepts,
    inside,
    patients,
    proses,
    references,
    within,
    word,
    words,
)
from shared.fhir.projections.extensions import REASON_NOT, RECORDED, prohibits
from shared.fhir.projections.medication import NAMED, used
from shared.fhir.projections.supply import covered, days, dosage, supplied
from shared.fhir.projections.table import Table, named
from shared.fhir.projections.timing import choice, instant, ordered
from shared.fhir.projections.values import numeral

_EVERY: Table = (
    *NAMED,
    ("category", "category", concepts),
    ("context", "encounter", references),
    ("reasonCode", "reason", concepts),
    ("reasonReference", "reason", references),
    ("partOf", "part-of", references),
    ("extension", "status-reason", REASON_NOT),
    ("modifierExtension", "do-not-perform", prohibits),
)
_DISPENSE: Table = (
    *_EVERY,
    ("statusReasonCodeableConcept", "status-reason", concepts),
    ("statusReasonReference", "status-reason", references),
    ("type", "type", concepts),
    ("performer", "performer", within("actor", references)),
    ("location", "location", references),
    ("authorizingPrescription", "based-on", references),
    ("daysSupply", "days-supply", lambda value: numeral(days(value))),
    ("quantity", "quantity", lambda value: numeral(inside(value, "value"))),
    ("whenPrepared", "when-prepared", words),
    ("dosageInstruction", "dosage", within("text", proses)),
    ("dosageInstruction", "route", within("route", concepts)),
)
_ADMINISTRATION: Table = (
    *_EVERY,
    ("statusReason", "status-reason", concepts),
    ("extension", "recorded-date", RECORDED),
    ("performer", "performer", within("actor", references)),
    ("request", "based-on", references),
    ("dosage", "dosage", within("text", proses)),
    ("dosage", "route", within("route", concepts)),
)
_STATEMENT: Table = (
    *_EVERY,
    ("statusReason", "status-reason", concepts),
    ("dateAsserted", "recorded-date", words),
    ("informationSource", "source", references),
    ("basedOn", "based-on", references),
    ("derivedFrom", "derived-from", references),
    ("dosage", "dosage", within("text", proses)),
    ("dosage", "route", within("route", concepts)),
)
ELEMENTS = {
    "MedicationDispense": named(_DISPENSE),
    "MedicationAdministration": named(_ADMINISTRATION),
    "MedicationStatement": named(_STATEMENT),
}


def medication_dispense(resource: Json, zone: tzinfo) -> Draft:
    """Project a MedicationDispense, placed as MedicationDispensePeriod does (see supply.py).

    It starts when it was handed over, else prepared, and ends with its supply: the days that are told, else
    quantity by dosage. The dosage's bounds are of the whole prescription, so they say nothing here.
    """
    when = (resource.get("whenHandedOver"), resource.get("whenPrepared"))
    begun = next((text for text in when if instant(text, zone) is not None), None)
    given = dosage(resource.get("dosageInstruction"))
    length = supplied(resource.get("daysSupply"), resource.get("quantity"), given)
    draft = _draft(resource, _DISPENSE)
    draft.start, draft.end = ordered(instant(begun, zone), covered(begun, length, zone))
    return draft


def medication_administration(resource: Json, zone: tzinfo) -> Draft:
    """Project a MedicationAdministration."""
    draft = _draft(resource, _ADMINISTRATION)
    draft.start, draft.end = choice(resource, "effective", zone)
    return draft


def medication_statement(resource: Json, zone: tzinfo) -> Draft:
    """Project a MedicationStatement."""
    draft = _draft(resource, _STATEMENT)
    draft.start, draft.end = choice(resource, "effective", zone)
    return draft


def _draft(resource: Json, table: Table) -> Draft:
    codes, title = used(resource)
    return Draft(
        patients=patients(resource.get("subject")),
        status=word(resource.get("status")),
        codes=codes,
        attributes=attributes(resource, table),
        title=title,
    )
