"""What to beware of: Flag, AdverseEvent and FamilyMemberHistory.

https://hl7.org/fhir/R4/flag.html , …/adverseevent.html , …/familymemberhistory.html
"""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.fact import Component, Value
from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import (
    Json,
    attributes,
    concept_title,
    concepts,
    each,
    patients,
    references,
    within,
    word,
    words,
)
from shared.fhir.projections.table import Table, named
from shared.fhir.projections.timing import UNKNOWN, moment, period

_FLAG: Table = (
    ("category", "category", concepts),
    ("encounter", "encounter", references),
    ("author", "author", references),
)
_EVENT: Table = (
    ("actuality", "actuality", words),
    ("category", "category", concepts),
    ("seriousness", "seriousness", concepts),
    ("severity", "severity", concepts),
    ("outcome", "outcome", concepts),
    ("recordedDate", "recorded-date", words),
    ("encounter", "encounter", references),
    ("location", "location", references),
    ("resultingCondition", "resulting-condition", references),
    ("suspectEntity", "suspect", within("instance", references)),
)
_FAMILY: Table = (
    ("relationship", "relationship", concepts),
    ("sex", "sex", concepts),
    ("dataAbsentReason", "data-absent-reason", concepts),
    ("reasonCode", "reason", concepts),
    ("reasonReference", "reason", references),
)
ELEMENTS = {
    "Flag": named(_FLAG),
    "AdverseEvent": named(_EVENT),
    "FamilyMemberHistory": named(_FAMILY),
}


def flag(resource: Json, zone: tzinfo) -> Draft:
    """Project a Flag."""
    start, end = period(resource.get("period"), zone)
    return Draft(
        patients=patients(resource.get("subject")),
        status=word(resource.get("status")),
        codes=concepts(resource.get("code")),
        start=start,
        end=end,
        attributes=attributes(resource, _FLAG),
        title=concept_title(resource.get("code")),
    )


def adverse_event(resource: Json, zone: tzinfo) -> Draft:
    """Project an AdverseEvent: its status is whether it was actual or potential, as R4 knows no other."""
    start, end = moment(resource.get("date"), zone)
    if (start, end) == UNKNOWN:
        start, end = moment(resource.get("recordedDate"), zone)
    return Draft(
        patients=patients(resource.get("subject")),
        status=word(resource.get("status")) or word(resource.get("actuality")),
        codes=concepts(resource.get("event")),
        start=start,
        end=end,
        attributes=attributes(resource, _EVENT),
        title=concept_title(resource.get("event")),
    )


def family_member_history(resource: Json, zone: tzinfo) -> Draft:
    """Project a FamilyMemberHistory: its codes are the relative's conditions, each with its outcome."""
    conditions = each(resource.get("condition"))
    start, end = moment(resource.get("date"), zone)
    return Draft(
        patients=patients(resource.get("patient")),
        status=word(resource.get("status")),
        codes=within("code", concepts)(conditions),
        start=start,
        end=end,
        components=tuple(part for item in conditions if (part := _suffered(item)).codes),
        attributes=attributes(resource, _FAMILY),
        title=next(filter(None, (concept_title(item.get("code")) for item in conditions)), ""),
    )


def _suffered(item: Json) -> Component:
    outcome = item.get("outcome")
    return Component(concepts(item.get("code")), Value(codes=concepts(outcome), text=concept_title(outcome)))
