"""References to FHIR resources, read strictly: what comes from outside never becomes a path unchecked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.errors import Rejected

_ID = r"[A-Za-z0-9\-.]{1,64}"
_TYPE = r"[A-Z][A-Za-z]{2,63}"
_TAIL = re.compile(rf"(?:^|/)({_TYPE})/({_ID})(?:/_history/({_ID}))?$")


@dataclass(frozen=True, slots=True, order=True)
class ResourceKey:
    """Which resource: type and logical id (https://hl7.org/fhir/R4/resource.html#id)."""

    resource_type: str
    resource_id: str

    def __str__(self) -> str:
        return f"{self.resource_type}/{self.resource_id}"


def parse_reference(text: str) -> tuple[ResourceKey, str | None]:
    """Read "Patient/1", an absolute URL or an Azure event subject, with or without a version.

    Raises Rejected for anything that is not a literal reference to one resource.
    """
    match = _TAIL.search(text) if len(text) <= 2048 else None
    if match is None or match[2] in {".", ".."}:
        raise Rejected("not a literal FHIR reference", "bad-reference")
    return ResourceKey(match[1], match[2]), match[3]


def resource_key(resource_type: object, resource_id: object) -> ResourceKey:
    """Check a type and an id that arrived apart. Raises Rejected."""
    key, _ = parse_reference(f"{resource_type}/{resource_id}")
    if key.resource_type != resource_type or key.resource_id != resource_id:
        raise Rejected("not a FHIR resource type and id", "bad-reference")
    return key
