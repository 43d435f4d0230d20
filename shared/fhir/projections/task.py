"""Task (https://hl7.org/fhir/R4/task.html): what somebody is to do for a patient, and whether it was done."""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import (
    Json,
    attributes,
    concept_title,
    concepts,
    patients,
    prose,
    references,
    word,
    words,
)
from shared.fhir.projections.extensions import prohibits
from shared.fhir.projections.table import Table, named
from shared.fhir.projections.timing import instant, ordered, period

_TASK: Table = (
    ("intent", "intent", words),
    ("priority", "priority", words),
    ("modifierExtension", "do-not-perform", prohibits),
    ("statusReason", "status-reason", concepts),
    ("businessStatus", "business-status", concepts),
    ("focus", "focus", references),
    ("encounter", "encounter", references),
    ("authoredOn", "authored-on", words),
    ("lastModified", "last-modified", words),
    ("requester", "requester", references),
    ("owner", "owner", references),
    ("performerType", "performer-type", concepts),
    ("location", "location", references),
    ("reasonCode", "reason", concepts),
    ("reasonReference", "reason", references),
    ("basedOn", "based-on", references),
    ("partOf", "part-of", references),
)
ELEMENTS = {"Task": named(_TASK)}


def task(resource: Json, zone: tzinfo) -> Draft:
    """Project a Task: from when work began, or was asked for, until it ended."""
    start, end = period(resource.get("executionPeriod"), zone)
    if start is None:
        start, end = ordered(instant(resource.get("authoredOn"), zone), end)
    return Draft(
        patients=patients(resource.get("for")),
        status=word(resource.get("status")),
        codes=concepts(resource.get("code")),
        start=start,
        end=end,
        attributes=attributes(resource, _TASK),
        title=concept_title(resource.get("code")) or prose(resource.get("description")),
    )
