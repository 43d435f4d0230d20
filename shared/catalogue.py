"""The catalogue: every published definition, compiled and indexed; what `decide` goes by.

Built from documents as authors wrote them, all checked together: a journey that names a segment or a
template that is not there is a mistake found here, not in front of a patient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

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
from shared.segment.definition import SegmentDefinition, parse_segment
from shared.segment.index import SegmentIndex
from shared.segment.valuesets import ValueSets

type Kind = Literal["segment", "journey", "template", "valueset"]

KINDS: Mapping[str, Kind] = {
    "segments": "segment",
    "journeys": "journey",
    "templates": "template",
    "valuesets": "valueset",
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


def build_catalogue(documents: Iterable[Document], version: str, policy: Policy) -> Catalogue:
    """Check and compile documents together. Raises Invalid with every problem of every file."""
    reader = _Reader(tuple(documents))
    segments = reader.read("segment", parse_segment)
    journeys = reader.read("journey", parse_journey)
    templates = reader.read("template", parse_template)
    codes = [document.body for document in reader.documents if document.kind == "valueset"]
    valuesets = next(iter(reader.collect(lambda: [ValueSets.of(codes)])), ValueSets.of([]))
    zone = ZoneInfo(policy.zone)
    files = {definition.canonical: where for where, definition in segments}
    latest = _latest(definition for _, definition in segments)
    compiled = reader.collect(lambda: list(compile_segments(latest, valuesets, zone, files)))
    built = [made for _, t in templates for made in reader.collect(partial(_one, compile_template, t))]
    reader.problems += _unresolved(segments, journeys, templates)
    if reader.problems:
        raise Invalid(tuple(reader.problems))
    return Catalogue(
        version=version,
        segments=SegmentIndex(compiled),
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
