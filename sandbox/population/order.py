"""Which resource types come first when loading: those that others refer to."""

from __future__ import annotations

from collections.abc import Mapping

_ORDER = (
    "Organization Location Practitioner PractitionerRole HealthcareService Medication Patient RelatedPerson "
    "Coverage EpisodeOfCare ServiceRequest Appointment Encounter Condition CareTeam Goal CarePlan"
)
_RANKS = {resource_type: number for number, resource_type in enumerate(_ORDER.split())}


def rank(resource: Mapping[str, object]) -> int:
    """Return the place of a resource's type in the order of loading; unnamed types come last."""
    return _RANKS.get(str(resource.get("resourceType")), len(_RANKS))
