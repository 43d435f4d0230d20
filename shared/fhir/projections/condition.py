"""Condition (https://hl7.org/fhir/R4/condition.html) and AllergyIntolerance (…/allergyintolerance.html)."""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.projections.draft import ENTERED_IN_ERROR, Draft
from shared.fhir.projections.elements import (
    Json,
    attributes,
    concept_title,
    concepts,
    patients,
    references,
    status_code,
    within,
    words,
)
from shared.fhir.projections.table import Table, named
from shared.fhir.projections.timing import choice, ordered

_SYSTEMS = "http://terminology.hl7.org/CodeSystem/"
_CONDITION: Table = (
    ("category", "category", concepts),
    ("severity", "severity", concepts),
    ("bodySite", "body-site", concepts),
    ("encounter", "encounter", references),
    ("recordedDate", "recorded-date", words),
    ("stage", "stage", within("summary", concepts)),
)
_ALLERGY: Table = (
    ("type", "type", words),
    ("category", "category", words),
    ("criticality", "criticality", words),
    ("reaction", "manifestation", within("manifestation", concepts)),
    ("encounter", "encounter", references),
    ("recordedDate", "recorded-date", words),
)
_VERIFIED = frozenset({"verification-status"})
ELEMENTS = {
    "Condition": named(_CONDITION) | _VERIFIED,
    "AllergyIntolerance": named(_ALLERGY) | _VERIFIED,
}


def condition(resource: Json, zone: tzinfo) -> Draft:
    """Project a Condition, so long as prevalenceInterval() of QICoreCommon 4.0 says that it was so.

    It starts with its onset, never with its record, and ends with its abatement. Without one that can be
    placed it has no end: whether it then goes on, its clinical status tells (goes_on of
    shared.segment.when). Ages at onset and abatement are not placed.
    """
    draft = _stated(resource, "condition-clinical", "condition-ver-status", attributes(resource, _CONDITION))
    began, ended = choice(resource, "onset", zone)[0], choice(resource, "abatement", zone)[1]
    draft.start, draft.end = ordered(began, ended)
    draft.patients = patients(resource.get("subject"))
    return draft


def allergy_intolerance(resource: Json, zone: tzinfo) -> Draft:
    """Project an AllergyIntolerance."""
    kept = attributes(resource, _ALLERGY)
    draft = _stated(resource, "allergyintolerance-clinical", "allergyintolerance-verification", kept)
    draft.patients, draft.start = patients(resource.get("patient")), choice(resource, "onset", zone)[0]
    return draft


def _stated(resource: Json, clinical: str, verification: str, kept: dict[str, tuple[str, ...]]) -> Draft:
    """Begin a draft with the clinical status, or entered-in-error, which takes its place (con-5, ait-2)."""
    status = status_code(resource.get("clinicalStatus"), _SYSTEMS + clinical)
    verified = status_code(resource.get("verificationStatus"), _SYSTEMS + verification)
    if verified:
        kept["verification-status"] = (verified,)
    return Draft(
        patients=(),
        status=verified if verified == ENTERED_IN_ERROR else status,
        codes=concepts(resource.get("code")),
        attributes=kept,
        title=concept_title(resource.get("code")),
    )
