"""Coverage (https://hl7.org/fhir/R4/coverage.html): who pays for the patient, and until when."""

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
    status_code,
    word,
)
from shared.fhir.projections.table import Table, named
from shared.fhir.projections.timing import period


def _classes(value: object) -> tuple[str, ...]:
    """Read Coverage.class as "type|value", for example "plan|gold"."""
    found = ((status_code(item.get("type")), word(item.get("value"))) for item in each(value))
    return tuple(f"{kind}|{given}" for kind, given in found if given)


_ATTRIBUTES: Table = (
    ("payor", "payor", references),
    ("subscriber", "subscriber", references),
    ("policyHolder", "policy-holder", references),
    ("relationship", "relationship", concepts),
    ("class", "class", _classes),
    ("network", "network", proses),
)
ELEMENTS = {"Coverage": named(_ATTRIBUTES)}


def coverage(resource: Json, zone: tzinfo) -> Draft:
    """Project a Coverage; it concerns the one who is covered, not the one who pays."""
    start, end = period(resource.get("period"), zone)
    return Draft(
        patients=patients(resource.get("beneficiary")),
        status=word(resource.get("status")),
        codes=concepts(resource.get("type")),
        start=start,
        end=end,
        attributes=attributes(resource, _ATTRIBUTES),
        title=concept_title(resource.get("type")),
    )
