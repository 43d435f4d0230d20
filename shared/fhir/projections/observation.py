"""Observation (https://hl7.org/fhir/R4/observation.html), its components too: by far the most frequent."""

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
    word,
    words,
)
from shared.fhir.projections.extensions import REASON_NOT, unnamed
from shared.fhir.projections.table import Table, named
from shared.fhir.projections.timing import choice, moment
from shared.fhir.projections.values import value_of

_ATTRIBUTES: Table = (
    ("category", "category", concepts),
    ("encounter", "encounter", references),
    ("interpretation", "interpretation", concepts),
    ("dataAbsentReason", "data-absent-reason", concepts),
    ("bodySite", "body-site", concepts),
    ("method", "method", concepts),
    ("performer", "performer", references),
    ("basedOn", "based-on", references),
    ("hasMember", "has-member", references),
    ("derivedFrom", "derived-from", references),
    ("partOf", "part-of", references),
    ("focus", "focus", references),
    ("extension", "status-reason", REASON_NOT),
    ("code", "not-done-valueset", unnamed),
)
_NOT_DONE = frozenset({"cancelled"})
ELEMENTS = {"Observation": named(_ATTRIBUTES) | {"issued"}}


def observation(resource: Json, zone: tzinfo) -> Draft:
    """Project an Observation; one without a value has None, and says why under data-absent-reason.

    Where nobody said when it was so, it is from when it was issued: what was not done has no other time.
    Of what was not done that time is kept beside the one at which it would have been.
    """
    start, end = choice(resource, "effective", zone)
    if start is None and end is None:
        start, end = moment(resource.get("issued"), zone)
    code, parts, status = resource.get("code"), resource.get("component"), word(resource.get("status"))
    kept = attributes(resource, _ATTRIBUTES)
    if status in _NOT_DONE and (issued := words(resource.get("issued"))):
        kept["issued"] = issued
    return Draft(
        patients=patients(resource.get("subject")),
        status=status,
        codes=concepts(code),
        start=start,
        end=end,
        value=value_of(resource),
        components=components(parts) if parts is not None else (),
        attributes=kept,
        title=concept_title(code),
    )


def components(value: object) -> tuple[Component, ...]:
    """Read Observation.component; a value that is absent is its reason's codes."""
    return tuple(component for part in each(value) if (component := _component(part)).codes)


def _component(part: Json) -> Component:
    value = value_of(part) or Value(codes=concepts(part.get("dataAbsentReason")))
    return Component(concepts(part.get("code")), value)
