"""MedicationRequest (https://hl7.org/fhir/R4/medicationrequest.html): what was prescribed, and until when."""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import (
    Json,
    attributes,
    concepts,
    flag,
    inside,
    patients,
    proses,
    references,
    within,
    word,
    words,
)
from shared.fhir.projections.extensions import REASON_NOT, prohibits
from shared.fhir.projections.medication import NAMED, used
from shared.fhir.projections.supply import Dosage, covered, days, dosage, supplied
from shared.fhir.projections.table import Table, named
from shared.fhir.projections.timing import Interval, instant, moment, ordered
from shared.fhir.projections.values import numeral

_REQUEST: Table = (
    ("intent", "intent", words),
    ("priority", "priority", words),
    ("category", "category", concepts),
    ("doNotPerform", "do-not-perform", flag),
    ("modifierExtension", "do-not-perform", prohibits),
    ("authoredOn", "authored-on", words),
    ("statusReason", "status-reason", concepts),
    ("extension", "status-reason", REASON_NOT),
    *NAMED,
    ("courseOfTherapyType", "course-of-therapy", concepts),
    ("encounter", "encounter", references),
    ("requester", "practitioner", references),
    ("reasonCode", "reason", concepts),
    ("reasonReference", "reason", references),
    ("basedOn", "based-on", references),
    ("dosageInstruction", "dosage", within("text", proses)),
    ("dosageInstruction", "route", within("route", concepts)),
)
_DISPENSE: Table = (
    ("expectedSupplyDuration", "days-supply", lambda value: numeral(days(value))),
    ("numberOfRepeatsAllowed", "repeats", numeral),
    ("quantity", "quantity", lambda value: numeral(inside(value, "value"))),
)
ELEMENTS = {"MedicationRequest": named(_REQUEST, _DISPENSE)}


def medication_request(resource: Json, zone: tzinfo) -> Draft:
    """Project a MedicationRequest; its codes are its own, or those of a Medication that it contains."""
    codes, title = used(resource)
    supply = resource.get("dispenseRequest")
    start, end = _interval(resource, supply, dosage(resource.get("dosageInstruction")), zone)
    kept = attributes(resource, _REQUEST)
    return Draft(
        patients=patients(resource.get("subject")),
        status=word(resource.get("status")),
        codes=codes,
        start=start,
        end=end,
        attributes=kept | attributes(supply, _DISPENSE) if isinstance(supply, dict) else kept,
        title=title,
    )


def _interval(resource: Json, supply: object, given: Dosage, zone: tzinfo) -> Interval:
    """Place it as MedicationRequestPeriod of CumulativeMedicationDuration 6.0 does (see supply.py).

    It starts with the dosage's bounds, else when it was authored, else with the dispense validity. It ends
    with the supply (each fill as long as the first, repeats included), else with the bounds. Beyond the
    library, which then has no interval: else it ends with the dispense validity, else not at all. `start`
    keeps its time of day, of which the library keeps the date only.
    """
    if supply is None and given.bounds is None:
        return instant(resource.get("authoredOn"), zone), None
    validity = inside(supply, "validityPeriod")
    begun = (inside(given.bounds, "start"), resource.get("authoredOn"), inside(validity, "start"))
    first = next((text for text in begun if instant(text, zone) is not None), None)
    end = covered(first, _length(supply, given), zone)
    ends = (inside(given.bounds, "end"), inside(validity, "end"))
    told = (moment(text, zone)[1] for text in ends)
    return ordered(instant(first, zone), end if end is not None else next((x for x in told if x), None))


def _length(supply: object, given: Dosage) -> float | None:
    fill = supplied(inside(supply, "expectedSupplyDuration"), inside(supply, "quantity"), given)
    repeats = inside(supply, "numberOfRepeatsAllowed")
    return None if fill is None else fill * (1 + (repeats if type(repeats) is int and repeats > 0 else 0))
