"""Goal (https://hl7.org/fhir/R4/goal.html): what the patient is to reach, each target a component."""

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
from shared.fhir.projections.timing import instant, moment, ordered
from shared.fhir.projections.values import value_of

_GOAL: Table = (
    ("achievementStatus", "achievement-status", concepts),
    ("category", "category", concepts),
    ("priority", "priority", concepts),
    ("target", "due-date", within("dueDate", words)),
    ("statusDate", "status-date", words),
    ("expressedBy", "source", references),
    ("addresses", "reason", references),
    ("outcomeCode", "outcome", concepts),
    ("outcomeReference", "outcome", references),
)
ELEMENTS = {"Goal": named(_GOAL)}


def goal(resource: Json, zone: tzinfo) -> Draft:
    """Project a Goal: it ends with the last due date among its targets."""
    targets = each(resource.get("target"))
    dues = (moment(target.get("dueDate"), zone)[1] for target in targets)
    last = max((due for due in dues if due is not None), default=None)
    start, end = ordered(instant(resource.get("startDate"), zone), last)
    return Draft(
        patients=patients(resource.get("subject")),
        status=word(resource.get("lifecycleStatus")),
        codes=concepts(resource.get("description")),
        start=start,
        end=end,
        components=tuple(part for target in targets if (part := _target(target)).codes),
        attributes=attributes(resource, _GOAL),
        title=concept_title(resource.get("description")),
    )


def _target(target: Json) -> Component:
    """Read measure and detail[x]."""
    detail = {f"value{name[6:]}": value for name, value in target.items() if name.startswith("detail")}
    return Component(concepts(target.get("measure")), value_of(detail) or Value())
