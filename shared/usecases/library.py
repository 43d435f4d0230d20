"""What is published as its authors wrote it, for lists that people read: kept in memory while it is in force.

A published document never changes, so what was read for one version of the catalogue holds for all of it:
a list costs one read of the shelf, however many definitions there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from weakref import WeakKeyDictionary

from msgspec import Struct

from shared.catalogue import Document, Kind
from shared.errors import Conflict, Unavailable
from shared.fhir.canonical import version_key
from shared.ports import Documents
from shared.usecases.shelf import Shelf, in_turn, load_documents, load_shelf


class Published(Struct, frozen=True):
    """A document that is published."""

    document: Document
    publication: int
    """In which publication it came, from 1."""
    digest: str
    """Of what it says."""

    @property
    def url(self) -> str:
        """Return by what it is known in all its versions."""
        return str(self.document.body.get("url", ""))

    @property
    def version(self) -> str:
        """Return which version it is."""
        return str(self.document.body.get("version", ""))

    @property
    def title(self) -> str:
        """Return what people call it; its url where nobody said."""
        body = self.document.body
        return str(body.get("title") or body.get("name") or self.url)


class Library(Struct, frozen=True):
    """Everything that one version of the catalogue holds."""

    version: str
    documents: tuple[Document, ...] = ()
    shelves: Mapping[Kind, Mapping[str, tuple[Published, ...]]] = {}
    """By kind, by url in its order: the versions, the latest last."""

    def of(self, kind: Kind) -> Mapping[str, tuple[Published, ...]]:
        """Return all versions of everything of a kind, by url."""
        return self.shelves.get(kind, {})


_HELD: WeakKeyDictionary[Documents, Library] = WeakKeyDictionary()


async def library(documents: Documents) -> Library:
    """Return what is published now. Raises Unavailable."""
    try:
        return await in_turn(lambda: _library(documents))
    except Conflict:
        raise Unavailable("a publication is under way", 1.0) from None


async def _library(documents: Documents) -> Library:
    shelf, _ = await load_shelf(documents)
    held = _HELD.get(documents)
    if held is None or held.version != shelf.version:
        held = _HELD[documents] = _arranged(shelf, await load_documents(documents, shelf))
    return held


def _arranged(shelf: Shelf, documents: tuple[Document, ...]) -> Library:
    shelves: dict[Kind, dict[str, list[Published]]] = {}
    for document in documents:
        name = document.canonical
        made = Published(document, shelf.publications[name], shelf.documents[name])
        shelves.setdefault(document.kind, {}).setdefault(made.url, []).append(made)
    return Library(shelf.version, documents, {kind: _in_order(found) for kind, found in shelves.items()})


def _in_order(found: Mapping[str, list[Published]]) -> dict[str, tuple[Published, ...]]:
    return {
        url: tuple(sorted(versions, key=lambda each: version_key(each.version)))
        for url, versions in sorted(found.items())
    }
