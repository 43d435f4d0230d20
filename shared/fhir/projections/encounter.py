"""Encounter (https://hl7.org/fhir/R4/encounter.html) and EpisodeOfCare (…/episodeofcare.html)."""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import (
    Json,
    attributes,
    codings,
    concept_title,
    concepts,
    each,
    patients,
    references,
    within,
    word,
)
from shared.fhir.projections.table import Table, named
from shared.fhir.projections.timing import period


def _principal(value: object) -> tuple[str, ...]:
    """Read the diagnosis of rank 1."""
    return within("condition", references)([item for item in each(value) if item.get("rank") == 1])


_ENCOUNTER: Table = (
    ("class", "class", codings),
    ("serviceType", "service-type", concepts),
    ("priority", "priority", concepts),
    ("reasonCode", "reason", concepts),
    ("reasonReference", "reason", references),
    ("diagnosis", "diagnosis", within("condition", references)),
    ("diagnosis", "principal-diagnosis", _principal),
    ("participant", "practitioner", within("individual", references)),
    ("location", "location", within("location", references)),
    ("serviceProvider", "service-provider", references),
    ("episodeOfCare", "episode-of-care", references),
    ("appointment", "appointment", references),
    ("basedOn", "based-on", references),
    ("partOf", "part-of", references),
)
_HOSPITALIZATION: Table = (
    ("admitSource", "admit-source", concepts),
    ("dischargeDisposition", "discharge-disposition", concepts),
)
_EPISODE: Table = (
    ("diagnosis", "diagnosis", within("condition", references)),
    ("careManager", "practitioner", references),
    ("managingOrganization", "managing-organization", references),
    ("referralRequest", "based-on", references),
)
ELEMENTS = {"Encounter": named(_ENCOUNTER, _HOSPITALIZATION), "EpisodeOfCare": named(_EPISODE)}


def encounter(resource: Json, zone: tzinfo) -> Draft:
    """Project an Encounter."""
    start, end = period(resource.get("period"), zone)
    kept = attributes(resource, _ENCOUNTER)
    stay = resource.get("hospitalization")
    return Draft(
        patients=patients(resource.get("subject")),
        status=word(resource.get("status")),
        codes=concepts(resource.get("type")),
        start=start,
        end=end,
        attributes=kept | attributes(stay, _HOSPITALIZATION) if isinstance(stay, dict) else kept,
        title=concept_title(resource.get("type")),
    )


def episode_of_care(resource: Json, zone: tzinfo) -> Draft:
    """Project an EpisodeOfCare."""
    start, end = period(resource.get("period"), zone)
    return Draft(
        patients=patients(resource.get("patient")),
        status=word(resource.get("status")),
        codes=concepts(resource.get("type")),
        start=start,
        end=end,
        attributes=attributes(resource, _EPISODE),
        title=concept_title(resource.get("type")),
    )
