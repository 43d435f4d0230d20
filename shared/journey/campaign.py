"""CampaignDefinition: whom an organisation brings into a journey, when and how fast; what an author writes.

First in the flow of campaigns: parse_campaign → shared.catalogue → staff's moves (campaign_moves) → runs, one
for each occurrence (campaign_schedule), which shared.usecases.campaigns.tick carries out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from shared.authoring import Authored, parse_document
from shared.fhir.canonical import canonical, version_key
from shared.journey.campaign_schedule import CampaignSchedule
from shared.journey.definition import Version
from shared.journey.happening import short
from shared.journey.pace import Pace
from shared.journey.steps.base import DefinitionUrl


class CampaignAudience(Authored):
    """Whom it is for: members of all of these and of none of those, when their turn comes."""

    # "in" is what an author writes; the attribute needs another name in Python
    within: tuple[DefinitionUrl, ...] = Field(alias="in", min_length=1)
    """Segments or lists, by url; the first is the one whose members are gone through."""
    not_in: tuple[DefinitionUrl, ...] = ()
    """Segments or lists, by url."""

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if both := set(self.within) & set(self.not_in):
            raise ValueError(f"nobody is in {short(min(both))} and not in it")
        return self


class Approval(Authored):
    """Who must say yes before it starts: always another person than the one who submitted it."""

    role: str = Field(default="", max_length=100)
    """The role in which they say it; any but the author's own where none is named."""


class CampaignDefinition(Authored):
    """Whom to bring into a journey, when and how fast; immutable once published."""

    url: DefinitionUrl
    version: Version
    title: str = Field(min_length=1)
    description: str = ""
    journey: DefinitionUrl
    """The journey they enter, by url, in its latest version."""
    audience: CampaignAudience
    schedule: CampaignSchedule
    pace: Pace | None = None
    """How fast; without it, everybody as fast as can be."""
    approval: Literal["none"] | Approval = Approval()
    """Needed, unless it says none."""
    on_cancel: Literal["finish", "leave"] = "finish"
    """When it is cancelled: those who have begun finish the journey, or leave it at once."""

    @property
    def canonical(self) -> str:
        """Return "url|version"."""
        return canonical(self.url, self.version)

    @property
    def named(self) -> Iterator[tuple[str, str]]:
        """Walk the segments and lists that it names, each with its path."""
        for field, urls in (("in", self.audience.within), ("not_in", self.audience.not_in)):
            for n, url in enumerate(urls):
                yield f"audience.{field}[{n}]", url


def parse_campaign(document: object, where: str) -> CampaignDefinition:
    """Check a parsed YAML or JSON document. Raises Invalid with every Problem; `where` names the file."""
    return parse_document(CampaignDefinition, document, where)


def campaign_schema() -> dict[str, Any]:
    """Return the JSON Schema that editors complete and check campaigns with."""
    schema = CampaignDefinition.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


class Campaigns:
    """All published campaigns, by url and version."""

    def __init__(self, definitions: Iterable[CampaignDefinition] = ()) -> None:
        self._known = {definition.canonical: definition for definition in definitions}
        ordered = sorted(self._known.values(), key=lambda d: (d.url, version_key(d.version)))
        self._latest = {definition.url: definition for definition in ordered}

    def get(self, reference: str) -> CampaignDefinition | None:
        """Find "url|version", or the latest version of "url"."""
        return self._known.get(reference) or self._latest.get(reference)

    def __iter__(self) -> Iterator[CampaignDefinition]:
        return iter(self._known.values())
