"""Publish definitions: checked as a whole, stored by url and version, and in force within seconds."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shared.catalogue import Document, build_catalogue, publication
from shared.errors import Conflict, Invalid, Problem
from shared.ports import Documents
from shared.usecases.services import Services

DEFINITIONS = "definitions"
CATALOGUE = "catalogue"
CURRENT = "current"

_encode = msgspec.json.Encoder(order="deterministic").encode


class Shelf(Struct, frozen=True):
    """What is published: the digest of each document by its canonical name; `version` is "number-digest"."""

    version: str = ""
    documents: dict[str, str] = {}
    since: dict[str, int] = {}
    """In which publication each document came; a shelf from before this was kept names none."""
    population: str = ""
    """The latest version that changed a segment: since then everybody is to be looked at."""
    changed_at: float = 0.0
    """When that was, in seconds since 1970 of real time: commits are compared with it."""

    @property
    def publications(self) -> dict[str, int]:
        """Return in which publication each document came; where nobody noted it, in the latest."""
        return {**dict.fromkeys(self.documents, publication(self.version)), **self.since}


class Published(Struct, frozen=True):
    """What a publication did."""

    version: str
    added: tuple[str, ...]
    population: str = ""
    """The latest version for which everybody is to be looked at; "" while no segment is published."""


async def publish(
    services: Services,
    documents: tuple[Document, ...],
    real_time: Callable[[], float] = time.time,
    sought: Mapping[str, str] = MappingProxyType({}),
) -> Published:
    """Add definitions to the catalogue. Raises Invalid (nothing is published then), Conflict, Unavailable.

    A published version never changes: the same url and version with other content is Invalid. Whoever
    publishes then starts the population run (shared.usecases.populate); if they fail to, the sweep does.
    `sought`: see ValueSets.of, and shared.usecases.value_sets.
    """
    shelf, etag = await load_shelf(services.documents)
    earlier = await load_documents(services.documents, shelf)
    offered = {document.canonical: document for document in documents}
    digests = {name: digest(document.body) for name, document in offered.items()}
    _refuse_changes(shelf, digests, offered)
    merged = {**{d.canonical: d for d in earlier}, **offered}
    added = tuple(sorted(set(digests) - set(shelf.documents)))
    following = _following(shelf, {**shelf.documents, **digests}, added)
    made = build_catalogue(
        tuple(merged.values()), following.version, services.policy, following.publications, sought
    )
    if not added:
        return Published(shelf.version, (), shelf.population)
    if made.segments.since(publication(shelf.version)):
        following = replace(following, population=following.version, changed_at=real_time())
    for name in added:
        await services.documents.put(DEFINITIONS, name, encoded(offered[name]), None)
    await services.documents.put(CATALOGUE, CURRENT, _encode(following), etag)
    return Published(following.version, added, following.population)


def _following(shelf: Shelf, documents: dict[str, str], added: tuple[str, ...]) -> Shelf:
    number = publication(shelf.version) + 1
    since = {**shelf.publications, **dict.fromkeys(added, number)}
    return replace(shelf, version=f"{number}-{digest(documents)[:16]}", documents=documents, since=since)


def _refuse_changes(shelf: Shelf, digests: Mapping[str, str], offered: Mapping[str, Document]) -> None:
    problems = tuple(
        Problem(offered[name].where, f"{name} is published with other content", "a new version")
        for name, digest in digests.items()
        if shelf.documents.get(name, digest) != digest
    )
    if problems:
        raise Invalid(problems)


async def load_shelf(documents: Documents) -> tuple[Shelf, str]:
    """Read what is published, and the ETag to write over."""
    found = await documents.get(CATALOGUE, CURRENT)
    return (msgspec.json.decode(found[0], type=Shelf), found[1]) if found else (Shelf(), "")


async def load_documents(documents: Documents, shelf: Shelf) -> tuple[Document, ...]:
    """Read the published documents. Raises Conflict when one is missing: a publication is under way."""
    if not shelf.documents:
        return ()
    stored = {name: body async for name, body in documents.all(DEFINITIONS)}
    missing = set(shelf.documents) - set(stored)
    if missing:
        raise Conflict("a published document cannot be found")
    return tuple(_document(stored[name]) for name in sorted(shelf.documents))


def encoded(document: Document) -> bytes:
    """Return a document as it is stored."""
    return _encode({"kind": document.kind, "where": document.where, "body": document.body})


def _document(stored: bytes) -> Document:
    fields = msgspec.json.decode(stored, type=dict[str, Any])
    return Document(fields["kind"], fields["where"], fields["body"])


def digest(content: object) -> str:
    """Return a digest of what JSON says, whatever the order of its names."""
    return hashlib.sha256(_encode(content)).hexdigest()
