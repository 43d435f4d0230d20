"""A definition as its author wrote it, and what kinds there are: what folders hold and publications store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from shared.fhir.canonical import canonical

type Kind = Literal["segment", "journey", "template", "valueset", "list", "campaign", "questionnaire"]

KINDS: Mapping[str, Kind] = {
    "segments": "segment",
    "journeys": "journey",
    "templates": "template",
    "valuesets": "valueset",
    "lists": "list",
    "campaigns": "campaign",
    "questionnaires": "questionnaire",
}
"""Which kind of definition lies in which folder."""


class Document(Struct, frozen=True):
    """One definition as its author wrote it, read from YAML or JSON; `where` names the file."""

    kind: Kind
    where: str
    body: dict[str, Any]

    @property
    def canonical(self) -> str:
        """Return "kind url|version"; under this name it is published once and never changes."""
        return f"{self.kind} {canonical(str(self.body.get('url', '')), str(self.body.get('version', '')))}"
