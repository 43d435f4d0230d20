"""What is published of journeys, and how each stands: from the catalogue in memory, and one document."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from msgspec import Struct, field

from shared.catalogue import Catalogue
from shared.document import Document
from shared.errors import Rejected
from shared.fhir.canonical import canonical, version_key
from shared.journey.compile import CompiledJourney
from shared.journey.controls import Controls
from shared.usecases.services import Services
from shared.usecases.shelf import load_document, load_shelf

type State = Literal["running", "paused", "stopped"]

MOST_COUNTED = 1000
"""Of those inside: one page of the roster."""


class Inside(Struct):
    """How many are inside a journey now, as far as they were counted."""

    people: int = 0
    more: bool = False
    """There are more than were counted."""
    by_version: Counter[str] = field(default_factory=Counter)
    on_hold: int = 0


def latest_versions(catalogue: Catalogue) -> tuple[CompiledJourney, ...]:
    """Return the latest version of each journey, by url."""
    urls = {journey.url for journey in catalogue.journeys}
    found = (catalogue.journeys.latest(url) for url in sorted(urls))
    return tuple(journey for journey in found if journey is not None)


def versions_of(catalogue: Catalogue, url: str) -> tuple[CompiledJourney, ...]:
    """Return all versions of a journey, the latest first."""
    found = (journey for journey in catalogue.journeys if journey.url == url)
    return tuple(sorted(found, key=lambda journey: version_key(journey.version), reverse=True))


def state_of(controls: Controls, url: str) -> State:
    """Say how a journey stands for everybody."""
    if url in controls.stopped:
        return "stopped"
    return "paused" if url in controls.paused else "running"


async def document_of(services: Services, url: str, version: str) -> Document:
    """Return a published version as its author wrote it. Raises Rejected (unknown-version), Unavailable."""
    shelf, _ = await load_shelf(services.documents)
    found = await load_document(services.documents, shelf, f"journey {canonical(url, version)}")
    if found is None:
        raise Rejected("no such version of the journey is published", "unknown-version")
    return found


async def inside(services: Services, url: str) -> Inside:
    """Count those who are inside: one query, of MOST_COUNTED at most. Raises Unavailable."""
    rows = await services.indexes.roster(url, inside=True, limit=MOST_COUNTED)
    found = Inside(people=len(rows), more=len(rows) == MOST_COUNTED)
    for row in rows:
        found.by_version[row.enrolment.journey.rpartition("|")[2]] += 1
        found.on_hold += row.enrolment.status == "on-hold"
    return found
