"""References to FHIR resources, read strictly: what comes from outside never becomes a path unchecked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.errors import Rejected

_ID = r"(?!\.\.?(?:/|\Z))[A-Za-z0-9\-.]{1,64}"
_TYPE = r"[A-Z][A-Za-z]{2,63}"
# What may stand before Type/id: a base URL, or the host that Azure writes without a scheme. No empty or
# dot segments, escapes, queries, blanks or control characters: a base is printable ASCII, and plain.
_SEGMENT = r"(?!\.\.?/)[!$&-.0-;=@-Z_a-z{}~]+"
_BASE = rf"(?:(?:https?://)?(?:{_SEGMENT}/)+)?"
_LITERAL = re.compile(rf"/?(?:{_BASE})({_TYPE})/({_ID})(?:/_history/({_ID}))?")
_VERSION = re.compile(_ID)
_LONGEST = 2048


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
    match = _LITERAL.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise Rejected("not a literal FHIR reference", "bad-reference")
    return ResourceKey(match[1], match[2]), match[3]


def resource_key(resource_type: object, resource_id: object) -> ResourceKey:
    """Check a type and an id that arrived apart. Raises Rejected."""
    if isinstance(resource_type, str) and isinstance(resource_id, str):
        key, version = parse_reference(f"{resource_type}/{resource_id}")
        if key.resource_type == resource_type and key.resource_id == resource_id and version is None:
            return key
    raise Rejected("not a FHIR resource type and id", "bad-reference")


def parse_version(value: object) -> str | None:
    """Check a version id; Azure writes it as a number, FHIR as a string, and both may leave it out.

    Raises Rejected.
    """
    if value is None:
        return None
    if type(value) is int and 0 <= value < 2**63:
        return str(value)
    if isinstance(value, str) and _VERSION.fullmatch(value):
        return value
    raise Rejected("not a FHIR version id", "bad-version")
