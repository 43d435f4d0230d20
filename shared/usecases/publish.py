"""Publish definitions: checked as a whole, stored by url and version, and in force within seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from shared.catalogue import Document, build_catalogue
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


class Published(Struct, frozen=True):
    """What a publication did."""

    version: str
    added: tuple[str, ...]


async def publish(services: Services, documents: tuple[Document, ...]) -> Published:
    """Add definitions to the catalogue. Raises Invalid (nothing is published then), Conflict, Unavailable.

    A published version never changes: the same url and version with other content is Invalid.
    """
    shelf, etag = await load_shelf(services.documents)
    earlier = await load_documents(services.documents, shelf)
    offered = {document.canonical: document for document in documents}
    digests = {name: _digest(document.body) for name, document in offered.items()}
    _refuse_changes(shelf, digests, offered)
    merged = {**{d.canonical: d for d in earlier}, **offered}
    build_catalogue(tuple(merged.values()), "check", services.policy)
    added = tuple(sorted(set(digests) - set(shelf.documents)))
    if not added:
        return Published(shelf.version, ())
    for name in added:
        await services.documents.put(DEFINITIONS, name, _encode(_stored(offered[name])), None)
    everything = {**shelf.documents, **digests}
    version = f"{publication(shelf.version) + 1}-{_digest(everything)[:16]}"
    await services.documents.put(CATALOGUE, CURRENT, _encode(Shelf(version, everything)), etag)
    return Published(version, added)


def publication(version: str) -> int:
    """Return which publication made this version of the catalogue, from 1; 0 for the empty one.

    Versions have an order, so that two instances can tell whose catalogue is the newer.
    """
    number = version.partition("-")[0]
    return int(number) if number.isdigit() else 0


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


def _stored(document: Document) -> dict[str, object]:
    return {"kind": document.kind, "where": document.where, "body": document.body}


def _document(stored: bytes) -> Document:
    fields = msgspec.json.decode(stored, type=dict[str, Any])
    return Document(fields["kind"], fields["where"], fields["body"])


def _digest(content: object) -> str:
    return hashlib.sha256(_encode(content)).hexdigest()
