"""Medication (https://hl7.org/fhir/R4/medication.html), and how the four kinds of its use name it.

A use names its medication by a CodeableConcept, by a resource that it contains, or by a reference to one
that many patients share: that one is kept beside the use, and Facts.codes_of finds its codes there.
"""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import (
    Json,
    attributes,
    concept_title,
    concepts,
    contained,
    inside,
    prose,
    references,
    within,
    word,
)
from shared.fhir.projections.extensions import unnamed
from shared.fhir.projections.table import Table, named

NAMED: Table = (
    ("medicationReference", "medication", references),
    ("medicationCodeableConcept", "not-done-valueset", unnamed),
)
"""What every kind of use keeps of it."""

_MEDICATION: Table = (
    ("form", "form", concepts),
    ("manufacturer", "manufacturer", references),
    ("ingredient", "ingredient", within("itemCodeableConcept", concepts)),
    ("ingredient", "ingredient", within("itemReference", references)),
)
ELEMENTS = {"Medication": named(_MEDICATION)}


def medication(resource: Json, zone: tzinfo) -> Draft:
    """Project a Medication: shared by many patients, so it concerns none."""
    return Draft(
        patients=(),
        status=word(resource.get("status")),
        codes=concepts(resource.get("code")),
        attributes=attributes(resource, _MEDICATION),
        title=concept_title(resource.get("code")),
    )


def used(resource: Json) -> tuple[tuple[str, ...], str]:
    """Return the codes and the title of what is used, as far as the resource itself says."""
    concept = resource.get("medicationCodeableConcept")
    elsewhere = resource.get("medicationReference")
    if concept is None:
        concept = inside(contained(resource, elsewhere, "Medication"), "code")
    return concepts(concept), concept_title(concept) or prose(inside(elsewhere, "display"))
