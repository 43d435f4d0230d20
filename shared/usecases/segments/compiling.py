"""A segment that nobody has published yet, compiled among those that are: what a preview counts by."""

from __future__ import annotations

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from shared.catalogue import Document, build_catalogue
from shared.segment.compiled import CompiledSegment
from shared.segment.definition import PATIENT, parse_segment
from shared.segment.wall import Wall, wall_of
from shared.usecases.drafts.checking import value_sets_for
from shared.usecases.library import library
from shared.usecases.services import Services

_USED = ("segment", "valueset", "list")
"""Kinds that a segment may lean on."""


class Compiled(Struct, frozen=True):
    """A segment, and the clock on which its birthdays are counted."""

    segment: CompiledSegment
    wall: Wall


async def compiled(services: Services, content: dict[str, Any]) -> Compiled:
    """Compile a segment in place of the published one of its url. Raises Invalid, Unavailable.

    Value sets that it names and nobody published are read from the FHIR server, as a publication would.
    """
    offered = Document("segment", "segment", content)
    definition = parse_segment(content, offered.where)
    held = await library(services.documents)
    read, sought = await value_sets_for(services, held, (offered,))
    others = [each for each in held.documents if each.kind in _USED and not _same(each, definition.url)]
    made = await asyncio.to_thread(
        build_catalogue, (*others, *read, offered), "preview", services.policy, sought=sought
    )
    found = made.segments.get(definition.url)
    assert found is not None  # build_catalogue raises Invalid for what it cannot compile
    named = None if definition.time_zone in (None, PATIENT) else ZoneInfo(definition.time_zone or "")
    return Compiled(found, wall_of(named or services.zone))


def _same(document: Document, url: str) -> bool:
    return document.kind == "segment" and document.body.get("url") == url
