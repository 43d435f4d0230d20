"""The catalogue: every published definition, compiled and indexed; what `decide` goes by.

Built from documents as authors wrote them, all checked together: a journey that names a segment or a
template that is not there is a mistake found here, not in front of a patient.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct
from pydantic import BaseModel

from shared.errors import Invalid, Problem
from shared.fhir.canonical import canonical, version_key
from shared.fhir.lens import Lens
from shared.journey.compile import CompiledJourney, compile_journey
from shared.journey.definition import JourneyDefinition, parse_journey
from shared.journey.index import Journeys
from shared.journey.uses import uses
from shared.message.index import Templates
from shared.message.policy import Policy
from shared.message.render import compile_template
from shared.message.template import TemplateDefinition, parse_template
from shared.segment.compile import compile_segments
from shared.segment.compiled import CompiledSegment
from shared.segment.definition import SegmentDefinition, parse_segment
from shared.segment.index import SegmentIndex
from shared.segment.static_list import StaticLists, parse_list
from shared.segment.valuesets import ValueSets

type Kind = Literal["segment", "journey", "template", "valueset", "list"]

KINDS: Mapping[str, Kind] = {
    "segments": "segment",
    "journeys": "journey",
    "templates": "template",
    "valuesets": "valueset",
    "lists": "list",
}
"""Which kind of definition lies in which folder."""


class Document(Struct, frozen=True):
    """One definition as its author wrote it, read from YAML or JSON; `where` names the file."""

    kind: Kind
    where: str
    body: dict[str, Any]

    @property
    def canonical(self) -> str:
        """Return "kind url|version"; under this name it is published once and never changes."""
        return f"{self.kind} {canonical(str(self.body.get('url', '')), str(self.body.get('version', '')))}"


class Catalogue(Struct, frozen=True):
    """Everything that is published."""

    version: str
    segments: SegmentIndex
    journeys: Journeys
    templates: Templates
    policy: Policy

    @property
    def lens(self) -> Lens:
        """Return what all segments together ask of resources when they arrive."""
        return self.segments.lens


def publication(version: str) -> int:
    """Return which publication made this version of the catalogue, from 1; 0 for the empty one.

    Versions have an order, so that two instances can tell whose catalogue is the newer.
    """
    number = version.partition("-")[0]
    return int(number) if number.isdigit() else 0


def build_catalogue(
    documents: Iterable[Document],
    version: str,
    policy: Policy,
    since: Mapping[str, int] = MappingProxyType({}),
    sought: Mapping[str, str] = MappingProxyType({}),
) -> Catalogue:
    """Check and compile documents together. Raises Invalid with every problem of every file.

    `since` names the publication in which each document came, by its canonical name; of what it does not
    name, everybody is taken to have been looked at without it. `sought`: see ValueSets.of.
    """
    reader = _Reader(tuple(documents))
    segments = reader.read("segment", parse_segment)
    journeys = reader.read("journey", parse_journey)
    templates = reader.read("template", parse_template)
    lists = StaticLists(found for _, found in reader.read("list", parse_list))
    codes = [document.body for document in reader.documents if document.kind == "valueset"]
    valuesets = next(iter(reader.collect(lambda: [ValueSets.of(codes, sought)])), ValueSets.of([]))
    zone = ZoneInfo(policy.zone)
    files = {definition.canonical: where for where, definition in segments}
    latest = _latest(definition for _, definition in segments)
    compiled = reader.collect(lambda: list(compile_segments(latest, valuesets, zone, files, lists)))
    built = [made for _, t in templates for made in reader.collect(partial(_one, compile_template, t))]
    reader.problems += _unresolved(segments, journeys, templates)
    if reader.problems:
        raise Invalid(tuple(reader.problems))
    return Catalogue(
        version=version,
        segments=SegmentIndex(
            _dated(compiled, latest, reader.documents, since, max(publication(version), 1))
        ),
        journeys=Journeys(_journeys(journeys, zone)),
        templates=Templates(built),
        policy=policy,
    )


class _Reader:
    """Reads documents and keeps every problem, so that an author sees all of them at once."""

    def __init__(self, documents: tuple[Document, ...]) -> None:
        self.documents = documents
        self.problems: list[Problem] = []

    def read[T](self, kind: Kind, parse: Callable[[Mapping[str, Any], str], T]) -> list[tuple[str, T]]:
        """Parse every document of a kind; each with the file it came from."""
        found: list[tuple[str, T]] = []
        for document in self.documents:
            if document.kind == kind:
                made = self.collect(partial(_one, parse, document.body, document.where))
                found += ((document.where, definition) for definition in made)
        return found

    def collect[T](self, make: Callable[[], list[T]]) -> list[T]:
        """Make something, or nothing and keep what was wrong."""
        try:
            return make()
        except Invalid as invalid:
            self.problems += invalid.problems
            return []


def _one[**P, T](make: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> list[T]:
    return [make(*args, **kwargs)]


def _latest(definitions: Iterable[SegmentDefinition]) -> list[SegmentDefinition]:
    """Return the latest version of each segment: only that one has members."""
    ordered = sorted(definitions, key=lambda definition: version_key(definition.version))
    return list({definition.url: definition for definition in ordered}.values())


def _dated(
    compiled: Iterable[CompiledSegment],
    definitions: Iterable[SegmentDefinition],
    documents: Iterable[Document],
    since: Mapping[str, int],
    otherwise: int,
) -> Iterator[CompiledSegment]:
    """Note on each segment the latest publication that could have changed what it says.

    That is its own, that of the value sets and lists which it uses (of a url without version: of the latest
    version) and of the segments that it refers to, which come before it.
    """
    codes = used_names(documents)
    used = {definition.canonical: set(named(definition)) for definition in definitions}
    known: dict[str, int] = {}
    for segment in compiled:
        names = {f"segment {segment.canonical}", *(codes[u] for u in used[segment.canonical] if u in codes)}
        own = [since.get(name, otherwise) for name in names]
        known[segment.url] = max(own + [known[url] for url in segment.depends if url in known])
        yield replace(segment, published_in=known[segment.url])


def used_names(documents: Iterable[Document]) -> dict[str, str]:
    """Return the canonical name of the document that a reference to a value set or a list finds."""
    found: dict[str, str] = {}
    latest: dict[str, tuple[str, str]] = {}
    for document in documents:
        if document.kind in ("valueset", "list"):
            url, version = str(document.body.get("url", "")), str(document.body.get("version", ""))
            found[canonical(url, version)] = document.canonical
            if url not in latest or version_key(version) > version_key(latest[url][0]):
                latest[url] = version, document.canonical
    return found | {url: name for url, (_, name) in latest.items()}


def named(node: object, fields: Collection[str] = ("valueset", "in_list")) -> Iterator[str]:
    """Yield what a definition names in such fields, at whatever depth: value sets and lists."""
    if isinstance(node, BaseModel):
        for name, value in node:
            if name in fields:
                yield from [value] if isinstance(value, str) else value or ()
            else:
                yield from named(value, fields)
    elif isinstance(node, Mapping):
        yield from (name for value in node.values() for name in named(value, fields))
    elif isinstance(node, list | tuple):
        yield from (name for item in node for name in named(item, fields))


def _journeys(journeys: Iterable[tuple[str, JourneyDefinition]], zone: ZoneInfo) -> Iterable[CompiledJourney]:
    return (compile_journey(definition, zone) for _, definition in journeys)


def _unresolved(
    segments: Iterable[tuple[str, SegmentDefinition]],
    journeys: Iterable[tuple[str, JourneyDefinition]],
    templates: Iterable[tuple[str, TemplateDefinition]],
) -> list[Problem]:
    """Find what journeys name and nobody published."""
    known = {
        "segment": {name for _, s in segments for name in (s.url, canonical(s.url, s.version))},
        "template": {name for _, t in templates for name in (t.url, canonical(t.url, t.version))},
    }
    return [
        Problem(f"{where}: {used.path}", f"there is no {used.kind} {used.name}", f"a published {used.kind}")
        for where, journey in journeys
        for used in uses(journey)
        if used.name not in known[used.kind]
    ]
