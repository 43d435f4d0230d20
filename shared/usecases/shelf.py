"""The shelf: one document that says what is published and switched; whoever writes it second starts over."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shared.catalogue import Document, publication
from shared.errors import Conflict
from shared.fhir.instants import Instant
from shared.journey.controls import FREE, Controls
from shared.ports import Documents

DEFINITIONS = "definitions"
CATALOGUE = "catalogue"
CURRENT = "current"

TRIES = 5
"""How often a publisher who came second starts over before saying so."""

_encode = msgspec.json.Encoder(order="deterministic").encode


class Switching(Struct, frozen=True):
    """Something was switched: what, by whom and why; `number` is that of its publication."""

    number: int
    action: str
    by: str
    reason: str
    at: Instant
    what: str = ""
    """Url of the journey."""


class Shelf(Struct, frozen=True):
    """What is published: the digest of each document by its canonical name; `version` is "number-digest"."""

    version: str = ""
    documents: dict[str, str] = {}
    since: dict[str, int] = {}
    """In which publication each document came; a shelf from before this was kept names none."""
    population: str = ""
    """The latest version for which everybody is to be looked at, as a segment or a switch changed."""
    changed_at: float = 0.0
    """When that was, in seconds since 1970 of real time: commits are compared with it."""
    controls: Controls = FREE
    switched: Switching | None = None
    """How they came to be so: the latest change of `controls`."""

    @property
    def publications(self) -> dict[str, int]:
        """Return in which publication each document came; where nobody noted it, in the latest."""
        return {**dict.fromkeys(self.documents, publication(self.version)), **self.since}

    def following(self, documents: dict[str, str], added: tuple[str, ...], controls: Controls) -> Shelf:
        """Return the shelf of the next publication."""
        number = publication(self.version) + 1
        since = {**self.publications, **dict.fromkeys(added, number)}
        mark = digest(documents) if controls == FREE else digest((documents, controls))
        version = f"{number}-{mark[:16]}"
        return replace(self, version=version, documents=documents, since=since, controls=controls)


async def load_shelf(documents: Documents) -> tuple[Shelf, str]:
    """Read what is published, and the ETag to write over."""
    found = await documents.get(CATALOGUE, CURRENT)
    return (msgspec.json.decode(found[0], type=Shelf), found[1]) if found else (Shelf(), "")


async def save_shelf(documents: Documents, shelf: Shelf, etag: str) -> None:
    """Put a shelf in force. Raises Conflict when somebody else published since it was read."""
    await documents.put(CATALOGUE, CURRENT, _encode(shelf), etag)


async def in_turn[T](attempt: Callable[[], Awaitable[T]]) -> T:
    """Read the shelf, make the next one and save it, again when somebody else was first. Raises Conflict."""
    for _ in range(TRIES - 1):
        try:
            return await attempt()
        except Conflict:
            continue
    return await attempt()


async def load_documents(documents: Documents, shelf: Shelf) -> tuple[Document, ...]:
    """Read the published documents. Raises Conflict when one is missing: a publication is under way."""
    if not shelf.documents:
        return ()
    stored = {name: body async for name, body in documents.all(DEFINITIONS)}
    found = {name: _found(stored, name, mark) for name, mark in shelf.documents.items()}
    if None in found.values():
        raise Conflict("a published document cannot be found")
    return tuple(_document(body) for _, body in sorted(found.items()) if body is not None)


async def load_document(documents: Documents, shelf: Shelf, name: str) -> Document | None:
    """Read one published document by its canonical name, "kind url|version"; None where there is none.

    Raises Conflict when it is missing: a publication is under way.
    """
    if (mark := shelf.documents.get(name)) is None:
        return None
    for place in (_place(name, mark), name):  # what was published before places held digests
        if (found := await documents.get(DEFINITIONS, place)) is not None:
            return _document(found[0])
    raise Conflict("a published document cannot be found")


async def keep_document(documents: Documents, name: str, document: Document) -> None:
    """Store a document before the shelf names it: under what it says, so that no other one is overwritten."""
    await documents.put(DEFINITIONS, _place(name, digest(document.body)), encoded(document), None)


def encoded(document: Document) -> bytes:
    """Return a document as it is stored."""
    return _encode({"kind": document.kind, "where": document.where, "body": document.body})


def digest(content: object) -> str:
    """Return a digest of what JSON says, whatever the order of its names."""
    return hashlib.sha256(_encode(content)).hexdigest()


def _place(name: str, mark: str) -> str:
    return f"{name} {mark[:16]}"


def _found(stored: dict[str, bytes], name: str, mark: str) -> bytes | None:
    """Return the document of a name; what was published before places held digests lies under the name."""
    return stored.get(_place(name, mark), stored.get(name))


def _document(stored: bytes) -> Document:
    fields = msgspec.json.decode(stored, type=dict[str, Any])
    return Document(fields["kind"], fields["where"], fields["body"])
