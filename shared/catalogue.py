"""The catalogue: every published definition, compiled and indexed; what `decide` goes by.

Built from documents as authors wrote them, all checked together: a journey that names a segment or a
template that is not there is a mistake found here, not in front of a patient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import force_setattr

from shared.document import KINDS, Document, Kind
from shared.errors import Invalid, Problem
from shared.fhir.canonical import version_key
from shared.fhir.lens import EMPTY, Lens, union
from shared.inline import AtHand, compile_criteria, parse_criteria
from shared.journey.campaign import Campaigns, parse_campaign
from shared.journey.compile import CompiledJourney, compile_journey
from shared.journey.controls import FREE, Controls
from shared.journey.definition import JourneyDefinition, parse_journey
from shared.journey.index import Journeys
from shared.journey.survey.questionnaire import Questionnaire
from shared.journey.survey.reading import parse_questionnaire
from shared.message.index import Templates
from shared.message.policy import Policy
from shared.message.render import CompiledTemplate, compile_template
from shared.message.template import parse_template
from shared.naming import dated, latest_named, names_of, unresolved, unresolved_by_campaigns, unscored
from shared.segment.compile import compile_segments
from shared.segment.definition import SegmentDefinition, parse_segment
from shared.segment.index import SegmentIndex
from shared.segment.static_list import StaticLists, parse_list
from shared.segment.valuesets import ValueSets

__all__ = ["KINDS", "Catalogue", "Document", "Kind", "build_catalogue", "publication"]


class Catalogue(Struct, frozen=True):
    """Everything that is published, and what is switched."""

    version: str
    segments: SegmentIndex
    journeys: Journeys
    templates: Templates
    policy: Policy
    controls: Controls = FREE
    arrivals: Lens = EMPTY
    """What is looked for in resources that arrive: for segments, and for the conditions of journeys."""
    campaigns: Campaigns = Campaigns()
    """What staff may submit, approve and start: shared.usecases.campaigns."""

    def __post_init__(self) -> None:
        """Join what segments and journeys look for."""
        force_setattr(self, "arrivals", union((self.segments.lens, self.journeys.lens)))

    @property
    def lens(self) -> Lens:
        """Return what all segments together ask of resources: of all that are known, however old.

        What journeys ask besides is not in it: it matters only of what arrives, so that nothing old need be
        read again for it.
        """
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
    controls: Controls = FREE,
) -> Catalogue:
    """Check and compile documents together. Raises Invalid with every problem of every file.

    `since` names the publication in which each document came, by its canonical name; of what it does not
    name, everybody is taken to have been looked at without it. `sought`: see ValueSets.of. `controls`: what
    is switched while journeys run.
    """
    reader = _Reader(tuple(documents))
    dates = _Dates(since, max(publication(version), 1))
    latest, hand = _segments(reader, ZoneInfo(policy.zone), sought)
    journeys = reader.read("journey", parse_journey)
    asked = latest_named(found for _, found in reader.read("questionnaire", parse_questionnaire))
    running = [*_journeys(reader, journeys, hand, controls, dates, asked)]
    templates = [*_templates(reader)]
    campaigns = reader.read("campaign", parse_campaign)
    names = names_of(reader.documents)
    reader.problems += [*unresolved(journeys, names), *unresolved_by_campaigns(campaigns, names)]
    reader.problems += unscored(journeys, asked)
    if reader.problems or hand is None:
        raise Invalid(tuple(reader.problems))
    compiled = hand.segments.values()
    return Catalogue(
        version=version,
        segments=SegmentIndex(dated(compiled, latest, reader.documents, since, dates.otherwise)),
        journeys=Journeys(running, controls),
        templates=Templates(templates),
        policy=policy,
        controls=controls,
        campaigns=Campaigns(found for _, found in campaigns),
    )


class _Dates(Struct, frozen=True):
    """In which publication each document came."""

    since: Mapping[str, int]
    otherwise: int

    def of(self, name: str) -> int:
        return self.since.get(name, self.otherwise)


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


def _segments(
    reader: _Reader, zone: ZoneInfo, sought: Mapping[str, str]
) -> tuple[list[SegmentDefinition], AtHand | None]:
    """Compile the latest segments with value sets and lists; None in place of them where one is wrong."""
    segments = reader.read("segment", parse_segment)
    lists = StaticLists(found for _, found in reader.read("list", parse_list))
    codes = [document.body for document in reader.documents if document.kind == "valueset"]
    valuesets = next(iter(reader.collect(lambda: [ValueSets.of(codes, sought)])), ValueSets.of([]))
    files = {definition.canonical: where for where, definition in segments}
    latest = _latest(definition for _, definition in segments)
    compiled = reader.collect(lambda: [compile_segments(latest, valuesets, zone, files, lists)])
    if not compiled:
        return latest, None
    return latest, AtHand(valuesets, lists, {segment.url: segment for segment in compiled[0]}, zone)


def _templates(reader: _Reader) -> Iterator[CompiledTemplate]:
    for _, definition in reader.read("template", parse_template):
        yield from reader.collect(partial(_one, compile_template, definition))


def _latest(definitions: Iterable[SegmentDefinition]) -> list[SegmentDefinition]:
    """Return the latest version of each segment: only that one has members."""
    ordered = sorted(definitions, key=lambda definition: version_key(definition.version))
    return list({definition.url: definition for definition in ordered}.values())


def _journeys(
    reader: _Reader,
    journeys: Iterable[tuple[str, JourneyDefinition]],
    hand: AtHand | None,
    controls: Controls,
    dates: _Dates,
    questionnaires: Mapping[str, Questionnaire],
) -> Iterator[CompiledJourney]:
    """Compile journeys, with the criteria in them; `hand` is None where the segments they need are wrong."""
    for where, definition in journeys:
        for parsed in reader.collect(partial(_one, parse_criteria, definition, where)):
            if hand is None:
                continue
            for criteria in reader.collect(partial(_one, compile_criteria, parsed, where, hand)):
                winners = controls.winners.get(definition.canonical, {})
                came = dates.of(f"journey {definition.canonical}")
                yield compile_journey(definition, hand.zone, criteria, winners, came, questionnaires)
