"""Resources that we write only to tell others, and do not want to hear of again: by their tag or identifier.

Asked by shared.fhir.project, so that notifications, searches, audits and bulk loads pass them over alike.
"""

from __future__ import annotations

from collections.abc import Mapping

SYSTEMS = "https://hearthline.example/fhir/"
"""With it begin the systems of our own identifiers: not every server keeps tags."""

OURS = {"system": "https://hearthline.example/fhir/CodeSystem/origin", "code": "hearthline"}
"""The tag (https://hl7.org/fhir/R4/resource.html#simple-tags): searches for few elements bring it too."""

OWN_META: Mapping[str, object] = {"tag": [OURS]}
"""`meta` of such a resource."""

_TYPES = frozenset({"Communication"})
"""Of other types we want to know what became of them: a Task that somebody took up, a Consent taken back."""


def is_ours(resource: Mapping[str, object]) -> bool:
    """Say whether this is a Communication that we wrote ourselves: what it says is in the record already."""
    if resource.get("resourceType") not in _TYPES:
        return False
    meta = resource.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    return any(map(_is_our_tag, _each(tags))) or any(map(_is_our_name, _each(resource.get("identifier"))))


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _is_our_tag(tag: object) -> bool:
    return isinstance(tag, dict) and all(tag.get(name) == value for name, value in OURS.items())


def _is_our_name(identifier: object) -> bool:
    system = identifier.get("system") if isinstance(identifier, dict) else None
    return isinstance(system, str) and system.startswith(SYSTEMS)
