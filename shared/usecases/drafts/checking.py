"""Check definitions against each other and all that is published, as a publication would; nothing is written.

Asked by authors who are still writing. What is found is the answer, so nothing of it is raised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from shared.catalogue import Document, build_catalogue
from shared.errors import Invalid, Problem, Unavailable
from shared.message.lint.check import lint
from shared.message.lint.finding import Finding
from shared.message.template import parse_template
from shared.usecases.library import Library, library
from shared.usecases.publish import refuse_changes, refuse_unknown_webhooks
from shared.usecases.services import Services
from shared.usecases.shelf import digest, load_shelf
from shared.usecases.value_sets import complete, missing

CHECK = "check"
"""Stands for the version that a publication would have."""

AWAY = "the FHIR server cannot be asked for it now"


class Checked(Struct, frozen=True):
    """What there is to say of some documents."""

    problems: tuple[Problem, ...]
    """Why they cannot be published together; none: they can."""
    findings: tuple[tuple[str, Finding], ...] = ()
    """What lint says of the templates among them, each with the document's `where`."""
    read: tuple[Document, ...] = ()
    """Value sets that a publication would take from the FHIR server."""


async def check(services: Services, documents: tuple[Document, ...]) -> Checked:
    """Check some documents as if they were published now. Raises Unavailable."""
    held = await library(services.documents)
    read, sought = await value_sets_for(services, held, documents)
    whole = (*documents, *read)
    shelf, _ = await load_shelf(services.documents)
    offered = {document.canonical: document for document in whole}
    marks = {name: digest(document.body) for name, document in offered.items()}
    problems = [*_twice(documents), *_said(lambda: refuse_changes(shelf, marks, offered))]
    problems += await asyncio.to_thread(_built, services, held, offered, sought)
    return Checked(tuple(dict.fromkeys(problems)), tuple(_linted(services, documents)), read)


def _twice(documents: tuple[Document, ...]) -> Iterator[Problem]:
    """Find what is offered twice: of two with one name a publication would take the latter."""
    seen: dict[str, Document] = {}
    for document in documents:
        first = seen.setdefault(document.canonical, document)
        if first is not document and first.body != document.body:
            yield Problem(document.where, f"{document.canonical} is here twice", "another version")


async def value_sets_for(
    services: Services, held: Library, documents: tuple[Document, ...]
) -> tuple[tuple[Document, ...], Mapping[str, str]]:
    """Return the value sets that the FHIR server would give, and why it would not give others."""
    lacking = missing((*held.documents, *documents), documents)
    if not lacking:
        return (), {}
    try:
        found = await complete(services, documents)
    except Unavailable:
        return (), dict.fromkeys(lacking, AWAY)
    return found.read, found.sought


def _built(
    services: Services, held: Library, offered: Mapping[str, Document], sought: Mapping[str, str]
) -> list[Problem]:
    """Build the catalogue that would be in force; what is wrong."""
    merged = {**{document.canonical: document for document in held.documents}, **offered}

    def build() -> None:
        made = build_catalogue(merged.values(), CHECK, services.policy, sought=sought)
        refuse_unknown_webhooks(made, offered, offered, services.webhooks.kinds)

    return _said(build)


def _said(attempt: Callable[[], None]) -> list[Problem]:
    try:
        attempt()
    except Invalid as invalid:
        return list(invalid.problems)
    return []


def _linted(services: Services, documents: tuple[Document, ...]) -> Iterator[tuple[str, Finding]]:
    for document in documents:
        if document.kind != "template":
            continue
        try:
            template = parse_template(document.body, document.where)
        except Invalid:  # told as a problem
            continue
        yield from ((document.where, found) for found in lint(template, services.policy))
