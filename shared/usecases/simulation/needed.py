"""Which definitions a journey needs: those it names, and those that they name; all others would only disturb.

With every published segment a dry run would wake everybody for what has no part in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from shared.document import Document
from shared.fhir.canonical import split_canonical


def needed(journey: Document, others: Iterable[Document], also: str = "") -> tuple[Document, ...]:
    """Return a journey and all that it leans on, of every version; other versions of itself are left out.

    `also` is the url of something else that is needed.
    """
    known = dict[str, list[Document]]()
    for document in others:
        known.setdefault(_url(document), []).append(document)
    found: dict[str, list[Document]] = {_url(journey): [journey]}
    if also in known:
        found.setdefault(also, known[also])
    waiting = [document for documents in found.values() for document in documents]
    while waiting:
        for text in _texts(waiting.pop().body):
            url, _ = split_canonical(text)
            if url in known and url not in found:
                found[url] = known[url]
                waiting += known[url]
    return tuple(document for documents in found.values() for document in documents)


def with_versions_before(
    documents: tuple[Document, ...], published: Iterable[Document]
) -> tuple[Document, ...]:
    """Add the versions of the first of these that are published, and what they need: people are inside them.

    What stands in `documents` is never replaced.
    """
    journey, there = documents[0], tuple(published)
    found = {document.canonical: document for document in documents}
    for each in there:
        if each.kind == "journey" and _url(each) == _url(journey) and each.canonical not in found:
            for document in needed(each, there):
                found.setdefault(document.canonical, document)
    return tuple(found.values())


def _url(document: Document) -> str:
    return str(document.body.get("url", ""))


def _texts(node: object) -> Iterator[str]:
    """Walk every text of a document that stands alone in its place: references are such texts."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list | tuple):
        for item in node:
            yield from _texts(item)
