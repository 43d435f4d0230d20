"""Publish with everything that belongs to it: gates, missing value sets, and the look at everybody.

What `hearthline publish` and the admin API do; shared.usecases.publish puts definitions in force.
"""

from __future__ import annotations

from contextlib import suppress

from msgspec import Struct

from shared.catalogue import Document
from shared.errors import Conflict, Rejected
from shared.usecases.drafts.kept import Draft, delete_draft
from shared.usecases.populate import population_progress, start_population
from shared.usecases.population import Progress
from shared.usecases.publish import Published, load_shelf, publish
from shared.usecases.services import Services
from shared.usecases.shelf import Shelf
from shared.usecases.static_lists import TakenList, take_list
from shared.usecases.templates.approval import refuse_unready
from shared.usecases.value_sets import TakenValueSet, complete, take_value_set


class Publication(Struct, frozen=True):
    """What was published, and the run over everybody that goes on for it."""

    version: str
    """Of the catalogue that is in force now."""
    added: tuple[str, ...]
    """Canonical names, "kind url|version", of what was new."""
    read: tuple[str, ...]
    """Of them, the value sets that came from the FHIR server."""
    population: str
    """The latest version for which everybody is looked at; "" while nobody ever need be."""


class Gates(Struct, frozen=True):
    """Which templates must not go out; marketing that nobody approved never does."""

    approved_only: bool = False
    """None that nobody approved."""
    linted: bool = False
    """None in which lint finds errors."""


async def publish_together(
    services: Services, documents: tuple[Document, ...], gates: Gates, shards: int | None = None
) -> Publication:
    """Publish documents, with the value sets that they lack. Raises Invalid, Conflict, Unavailable.

    Again changes nothing, but goes on with the run over everybody: who published before may not have come
    so far.
    """
    await refuse_unready(services, documents, approved_only=gates.approved_only, linted=gates.linted)
    whole = await complete(services, documents)
    published = await publish(services, whole.documents, sought=whole.sought)
    await look_at_everybody(services, published, shards)
    read = tuple(document.canonical for document in whole.read)
    return Publication(published.version, published.added, read, published.population)


async def publish_draft(services: Services, draft: Draft, etag: str, *, approved_only: bool) -> Publication:
    """Publish what was looked at, and remove the draft. Raises Invalid, Conflict, Unavailable.

    A template in which lint finds errors is not published. What somebody wrote in the meantime stays a draft.
    """
    gates = Gates(approved_only=approved_only, linted=True)
    published = await publish_together(services, (draft.document,), gates)
    with suppress(Conflict):
        await delete_draft(services.documents, draft, etag)
    return published


async def take_value_set_now(services: Services, reference: str) -> TakenValueSet:
    """Take a value set, and have everybody looked at for the segments that use it."""
    taken = await take_value_set(services, reference)
    await look_at_everybody(services, taken.published)
    return taken


async def take_list_now(services: Services, reference: str, url: str, title: str) -> TakenList:
    """Take a Group as a list, and have everybody looked at for the segments that ask it."""
    taken = await take_list(services, reference, url, title)
    await look_at_everybody(services, taken.published)
    return taken


async def look_at_everybody(
    services: Services, published: Published | None, shards: int | None = None
) -> None:
    """Start the run of a publication, once every instance has heard of it, or go on with the latest."""
    if published is not None and published.population:
        delay = services.hears_after if published.added else 0.0
        await start_population(services, published.population, shards, delay)


class Standing(Struct, frozen=True):
    """How far everybody is looked at for a publication."""

    version: str
    progress: Progress | None
    """None while the run has not begun, and where nobody need be looked at."""
    needed: bool
    """Somebody must be looked at for it."""


async def standing(services: Services, version: str) -> Standing:
    """Say how a publication stands; "" is the latest that everybody is looked at for.

    Raises Rejected (unknown-publication) for one of which nothing is known, Unavailable.
    """
    shelf, _ = await load_shelf(services.documents)
    wanted = version or shelf.population
    progress = await population_progress(services, wanted) if wanted else None
    if progress is None and wanted not in _known(shelf):
        told = (
            f"there is no population run for version {wanted}" if wanted else "no segment was published yet"
        )
        raise Rejected(told, "unknown-publication")
    return Standing(wanted, progress, progress is not None or wanted == shelf.population)


def _known(shelf: Shelf) -> set[str]:
    return {shelf.version, shelf.population} - {""}
