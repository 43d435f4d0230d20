"""CarePlan (https://hl7.org/fhir/R4/careplan.html) and ServiceRequest (…/servicerequest.html): the plans."""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import (
    Json,
    attributes,
    concept_title,
    concepts,
    flag,
    inside,
    patients,
    prose,
    references,
    within,
    word,
    words,
)
from shared.fhir.projections.extensions import REASON_NOT, prohibits, unnamed
from shared.fhir.projections.table import Table, named
from shared.fhir.projections.timing import UNKNOWN, choice, instant, period


def _activities(value: object) -> tuple[str, ...]:
    return within("detail", lambda detail: concepts(inside(detail, "code")))(value)


_CARE_PLAN: Table = (
    ("intent", "intent", words),
    ("category", "category", concepts),
    ("activity", "activity", _activities),
    ("addresses", "reason", references),
    ("encounter", "encounter", references),
    ("author", "practitioner", references),
    ("careTeam", "care-team", references),
    ("partOf", "part-of", references),
)
_SERVICE_REQUEST: Table = (
    ("intent", "intent", words),
    ("priority", "priority", words),
    ("category", "category", concepts),
    ("doNotPerform", "do-not-perform", flag),
    ("modifierExtension", "do-not-perform", prohibits),
    ("extension", "status-reason", REASON_NOT),
    ("code", "not-done-valueset", unnamed),
    ("bodySite", "body-site", concepts),
    ("authoredOn", "authored-on", words),
    ("encounter", "encounter", references),
    ("requester", "requester", references),
    ("performer", "performer", references),
    ("performerType", "performer-type", concepts),
    ("locationReference", "location", references),
    ("reasonCode", "reason", concepts),
    ("reasonReference", "reason", references),
    ("basedOn", "based-on", references),
)
ELEMENTS = {"CarePlan": named(_CARE_PLAN), "ServiceRequest": named(_SERVICE_REQUEST)}


def care_plan(resource: Json, zone: tzinfo) -> Draft:
    """Project a CarePlan."""
    start, end = period(resource.get("period"), zone)
    return Draft(
        patients=patients(resource.get("subject")),
        status=word(resource.get("status")),
        codes=concepts(resource.get("category")),
        start=start,
        end=end,
        attributes=attributes(resource, _CARE_PLAN),
        title=prose(resource.get("title")) or concept_title(resource.get("category")),
    )


def service_request(resource: Json, zone: tzinfo) -> Draft:
    """Project a ServiceRequest: when it shall happen, or since when it is asked for."""
    start, end = choice(resource, "occurrence", zone)
    if (start, end) == UNKNOWN:
        start = instant(resource.get("authoredOn"), zone)
    return Draft(
        patients=patients(resource.get("subject")),
        status=word(resource.get("status")),
        codes=concepts(resource.get("code")),
        start=start,
        end=end,
        attributes=attributes(resource, _SERVICE_REQUEST),
        title=concept_title(resource.get("code")),
    )
