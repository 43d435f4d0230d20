"""List what we wrote of a person to the FHIR server: it is the server's, and erased there by its keepers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from shared.errors import Rejected
from shared.fhir.own import is_ours
from shared.fhir.references import parse_reference
from shared.usecases.services import Services

_TYPES = (
    "Communication",
    "CommunicationRequest",
    "Consent",
    "Flag",
    "Observation",
    "QuestionnaireResponse",
    "ServiceRequest",
    "Task",
)
"""What we write; each can be searched for by patient."""


async def written(services: Services, patient: str) -> AsyncIterator[tuple[str, str]]:
    """Walk the references of what we wrote of a patient ("1" or "Patient/1"), each with its status.

    A type that the server does not know is passed over. Raises Rejected (bad-reference), Unavailable.
    """
    key, _ = parse_reference(patient if "/" in patient else f"Patient/{patient}")
    for kind in _TYPES:
        try:
            async for resource in services.fhir.search(kind, {"patient": key.resource_id}):
                if resource.get("resourceType") == kind and is_written_here(resource):
                    yield f"{kind}/{resource.get('id')}", str(resource.get("status", ""))
        except Rejected:
            continue


def is_written_here(resource: Mapping[str, object]) -> bool:
    """Say whether a resource is ours: its tag says so, or an identifier that is its id as a UUID."""
    own = f"urn:uuid:{resource.get('id')}"
    identifiers = resource.get("identifier")
    several = identifiers if isinstance(identifiers, list) else [identifiers]
    named = any(isinstance(each, dict) and each.get("value") == own for each in several)
    return named or is_ours(resource)
