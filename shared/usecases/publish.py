"""Publish definitions: checked as a whole, stored by url and version, and in force within seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from shared.catalogue import Catalogue, Document, build_catalogue, publication
from shared.errors import Invalid, Problem
from shared.ports import WebhookKind
from shared.usecases.services import Services
from shared.usecases.shelf import (
    CATALOGUE,
    CURRENT,
    DEFINITIONS,
    Shelf,
    digest,
    encoded,
    in_turn,
    keep_document,
    load_documents,
    load_shelf,
    save_shelf,
)

__all__ = [
    "CATALOGUE",
    "CURRENT",
    "DEFINITIONS",
    "Published",
    "Shelf",
    "digest",
    "encoded",
    "load_documents",
    "load_shelf",
    "publish",
]


class Published(Struct, frozen=True):
    """What a publication did."""

    version: str
    added: tuple[str, ...]
    population: str = ""
    """The latest version for which everybody is to be looked at; "" while nobody ever need be."""


async def publish(
    services: Services,
    documents: tuple[Document, ...],
    real_time: Callable[[], float] = time.time,
    sought: Mapping[str, str] = MappingProxyType({}),
) -> Published:
    """Add definitions to the catalogue. Raises Invalid (nothing is published then), Conflict, Unavailable.

    A published version never changes: the same url and version with other content is Invalid. Whoever
    publishes then starts the population run (shared.usecases.populate); if they fail to, the sweep does.
    Of several who publish at the same time each builds on what was there before. `sought`: see ValueSets.of,
    and shared.usecases.value_sets.
    """
    offered = {document.canonical: document for document in documents}
    return await in_turn(partial(_publish, services, offered, real_time, sought))


async def _publish(
    services: Services,
    offered: Mapping[str, Document],
    real_time: Callable[[], float],
    sought: Mapping[str, str],
) -> Published:
    shelf, etag = await load_shelf(services.documents)
    earlier = await load_documents(services.documents, shelf)
    digests = {name: digest(document.body) for name, document in offered.items()}
    refuse_changes(shelf, digests, offered)
    merged = {**{d.canonical: d for d in earlier}, **offered}
    added = tuple(sorted(set(digests) - set(shelf.documents)))
    following = shelf.following({**shelf.documents, **digests}, added, shelf.controls)
    made = build_catalogue(
        merged.values(),
        following.version,
        services.policy,
        following.publications,
        sought,
        following.controls,
    )
    if not added:
        return Published(shelf.version, (), shelf.population)
    refuse_unknown_webhooks(made, added, offered, services.webhooks.kinds)
    if _concerns_everybody(made, publication(shelf.version)):
        following = replace(following, population=following.version, changed_at=real_time())
    for name in added:
        await keep_document(services.documents, name, offered[name])
    await save_shelf(services.documents, following, etag)
    return Published(following.version, added, following.population)


def _concerns_everybody(made: Catalogue, before: int) -> bool:
    """Say whether what came after a publication may mean something to people to whom nothing happens.

    A segment may have members already, a journey may begin with what was there before, or be moved to.
    """
    return bool(made.segments.since(before)) or any(
        journey.trigger.looks_back or journey.on_publish.those_inside != "finish"
        for journey in made.journeys
        if journey.published_in > before and made.journeys.latest(journey.url) is journey
    )


def refuse_changes(shelf: Shelf, digests: Mapping[str, str], offered: Mapping[str, Document]) -> None:
    """Raise Invalid naming what is published already, with other content."""
    problems = tuple(
        Problem(offered[name].where, f"{name} is published with other content", "a new version")
        for name, digest in digests.items()
        if shelf.documents.get(name, digest) != digest
    )
    if problems:
        raise Invalid(problems)


_CALLS: Mapping[str, WebhookKind] = {"notify": "teams", "webhook": "signed"}
"""Which kind of webhook each kind of step calls."""


def refuse_unknown_webhooks(
    made: Catalogue, added: Collection[str], offered: Mapping[str, Document], kinds: Mapping[str, WebhookKind]
) -> None:
    """Refuse journeys that call what the settings do not name: only here are both at hand."""
    problems = tuple(
        Problem(
            f"{offered[f'journey {journey.canonical}'].where}: step {step.step_id}",
            f"the settings name no webhook {step.calls} of kind {_CALLS[step.kind]}",
            ", ".join(name for name, kind in kinds.items() if kind == _CALLS[step.kind]),
        )
        for journey in made.journeys
        if f"journey {journey.canonical}" in added
        for step in journey.steps.values()
        if step.calls and kinds.get(step.calls) != _CALLS[step.kind]
    )
    if problems:
        raise Invalid(problems)
