"""Value sets that segments name and nobody published, read from the FHIR server and published like files.

A published definition never changes, and so neither does what was read: it is kept by its version, and a
newer one comes into force when somebody takes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from shared.catalogue import Document
from shared.errors import Invalid, Rejected, Unavailable
from shared.fhir.canonical import canonical, split_canonical, version_key
from shared.inline import parse_criteria
from shared.journey.definition import parse_journey
from shared.naming import named, used_names
from shared.segment.definition import SegmentDefinition, parse_segment
from shared.segment.valuesets import ValueSets
from shared.usecases.publish import Published, digest, encoded, load_documents, load_shelf, publish
from shared.usecases.services import Services

MOST_BYTES = 704 * 1024
"""Of a value set as it is stored: one document. Some 12,000 codes of SNOMED CT."""

WHERE = "FHIR server"
"""What stands for the file of a value set that was read from there."""

type _Versions = Mapping[str, frozenset[str]]
"""The codes of each published version of one value set."""


class Completed(Struct, frozen=True):
    """A publication with the value sets that it lacked."""

    documents: tuple[Document, ...]
    read: tuple[Document, ...]
    """Those of them that came from the FHIR server."""
    sought: dict[str, str]
    """Why the server did not help, by the reference that a segment makes."""


class TakenValueSet(Struct, frozen=True):
    """What reading a value set again brought."""

    codes: int
    version: str
    latest: str
    """The version that segments which name none go by from now on."""
    published: Published | None
    """None where its codes are published already."""


async def complete(services: Services, documents: tuple[Document, ...]) -> Completed:
    """Read the value sets that a publication names and that are neither in it nor published.

    One that the server does not have, or not in a form that can be published, is told in `sought`, for
    `publish` to report with everything else that is wrong. Raises Conflict, Unavailable.
    """
    shelf, _ = await load_shelf(services.documents)
    known = (*await load_documents(services.documents, shelf), *documents)
    found: dict[str, Document] = {}
    sought: dict[str, str] = {}
    for reference in missing(known, documents):
        try:
            made = await _read(services, reference, {})
            found[made.canonical] = made
        except Rejected as rejected:
            sought[reference] = str(rejected)
        except Unavailable as away:
            told = f"value set {reference} is in no file, and cannot be read from the server: {away}"
            raise Unavailable(told, away.retry_after) from None
    return Completed((*documents, *found.values()), tuple(found.values()), sought)


def missing(known: Iterable[Document], documents: Iterable[Document]) -> tuple[str, ...]:
    """Return what `documents` name as value sets, url or url|version, and none of `known` is."""
    held = used_names(each for each in known if each.kind == "valueset")
    wanted = (name for document in documents for name in _asked(document))
    return tuple(dict.fromkeys(name for name in wanted if name not in held))


def _asked(document: Document) -> Iterator[str]:
    try:
        for definition in _criteria(document):
            yield from named(definition, ("valueset",))
    except Invalid:  # said when the publication is checked
        return


def _criteria(document: Document) -> Iterable[SegmentDefinition]:
    """Return what of a document is written in the language of segments."""
    if document.kind == "segment":
        return [parse_segment(document.body, document.where)]
    if document.kind == "journey":
        return parse_criteria(parse_journey(document.body, document.where), document.where).values()
    return []


async def take_value_set(services: Services, reference: str) -> TakenValueSet:
    """Read "url" or "url|version" from the FHIR server, and publish it unless its codes are published.

    Raises Rejected, Invalid, Conflict, Unavailable.
    """
    url, _ = split_canonical(reference)
    held = await _versions(services, url)
    document = await _read(services, reference, held)
    version = str(document.body["version"])
    published = None
    if version not in held:
        published = await publish(services, (document,))
    latest = max((*held, version), key=version_key)
    return TakenValueSet(len(document.body["expansion"]["contains"]), version, latest, published)


async def _versions(services: Services, url: str) -> _Versions:
    shelf, _ = await load_shelf(services.documents)
    bodies = [
        each.body for each in await load_documents(services.documents, shelf) if each.kind == "valueset"
    ]
    ours = [body for body in bodies if body.get("url") == url]
    codes = ValueSets.of(ours)
    versions = [str(body.get("version", "")) for body in ours]
    return {version: codes.tokens(canonical(url, version)) for version in versions}


async def _read(services: Services, reference: str, held: _Versions) -> Document:
    """Read a value set as a document. Raises Rejected, saying of whom; Unavailable."""
    url, wanted = split_canonical(reference)
    found = await services.fhir.value_set(url, wanted)
    if found is None:
        raise Rejected("the FHIR server does not know it", "no-valueset")
    tokens = _tokens(found, url)
    contains = [_concept(token) for token in sorted(tokens)]
    version = version_of(str(found.get("version") or ""), tokens, held)
    body: dict[str, Any] = {"resourceType": "ValueSet", "url": url, "version": version}
    document = Document("valueset", WHERE, {**body, "expansion": {"contains": contains}})
    size = len(encoded(document))
    if size > MOST_BYTES:
        told = f"that of the FHIR server is too large: {len(contains)} codes in {size} bytes"
        raise Rejected(f"{told}, {MOST_BYTES} at most", "too-large")
    return document


def _tokens(found: Mapping[str, object], url: str) -> frozenset[str]:
    try:
        return ValueSets.of([{**found, "url": url, "version": ""}]).tokens(url)
    except Invalid as invalid:
        raise Rejected(f"that of the FHIR server cannot be used: {invalid}", "bad-valueset") from None


def _concept(token: str) -> dict[str, str]:
    system, _, code = token.partition("|")
    return {"system": system, "code": code} if system else {"code": code}


def version_of(told: str, codes: frozenset[str], held: _Versions) -> str:
    """Return under which version codes are published: the one that the server tells, where it is free.

    A server may tell none, or go on to tell the same when codes change, as where a rule chooses them. The
    version then ends with a digest of the codes, after a number that puts it behind those before it:
    "1-52d0…" of none, "2.0+1-52d0…" of "2.0". Codes that are published so already keep their version.
    """
    if told and told not in held:
        return told
    same = [version for version in held if not told or version == told or version.startswith(f"{told}+")]
    latest = max(same, key=version_key, default="")
    if same and held[latest] == codes:
        return latest
    mark = digest(sorted(codes))[:16]
    return f"{told}+{len(same)}-{mark}" if told else f"{1 + max(map(_number, held), default=0)}-{mark}"


def _number(version: str) -> int:
    """Return the number that a version begins with, 0 where it begins with a word."""
    return next((number for _, number, word in version_key(version)[:1] if not word), 0)
