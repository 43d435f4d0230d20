"""Criteria inside journeys: a branch may ask in the language of segments what no segment was made for.

Journeys and segments know nothing of each other; shared.catalogue hands the compiled criteria to the journey.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import tzinfo
from typing import Any

from msgspec import Struct

from shared.errors import Invalid, Problem
from shared.fhir.instants import Instant
from shared.fhir.lens import Lens, union
from shared.journey.definition import JourneyDefinition
from shared.journey.steps.base import Criteria
from shared.journey.uses import criteria
from shared.patient.record import PatientRecord
from shared.segment.compile import compile_segment
from shared.segment.compiled import CompiledSegment
from shared.segment.definition import SegmentDefinition, parse_segment
from shared.segment.static_list import StaticLists
from shared.segment.valuesets import ValueSets

_URL = "urn:hearthline:criteria"
"""Stands for the url that such criteria have not."""


class AtHand(Struct, frozen=True):
    """What criteria may lean on."""

    valuesets: ValueSets
    lists: StaticLists
    segments: Mapping[str, CompiledSegment]
    """By url."""
    zone: tzinfo
    """The organisation's."""


def parse_criteria(journey: JourneyDefinition, where: str) -> dict[str, SegmentDefinition]:
    """Read the criteria of a journey, by their paths in it. Raises Invalid with every Problem."""
    found: dict[str, SegmentDefinition] = {}
    problems: list[Problem] = []
    for path, mapping in criteria(journey):
        try:
            found[path] = _parsed(mapping, f"{where}: {path}")
        except Invalid as invalid:
            problems += invalid.problems
    if problems:
        raise Invalid(tuple(problems))
    return found


def compile_criteria(parsed: Mapping[str, SegmentDefinition], where: str, hand: AtHand) -> Criteria:
    """Compile them: by path, what says why they hold for a patient, or "". Raises Invalid."""
    found: dict[str, Callable[[PatientRecord, Instant], str]] = {}
    problems: list[Problem] = []
    for path, definition in parsed.items():
        try:
            found[path] = _asking(_compiled(definition, f"{where}: {path}", hand))
        except Invalid as invalid:
            problems += invalid.problems
    if problems:
        raise Invalid(tuple(problems))
    return found


def _parsed(mapping: Mapping[str, Any], place: str) -> SegmentDefinition:
    document = {"url": _URL, "version": "0", "title": "criteria", "criteria": mapping}
    try:
        return parse_segment(document, place)
    except Invalid as invalid:
        raise _placed(invalid, place) from None


def _compiled(definition: SegmentDefinition, place: str, hand: AtHand) -> CompiledSegment:
    try:
        made = compile_segment(definition, hand.valuesets, hand.zone, hand.segments, place, hand.lists)
    except Invalid as invalid:
        raise _placed(invalid, place) from None
    known = union(hand.segments[url].lens for url in made.depends)
    if word := next(_beyond(made.lens, known), ""):
        told = f"{word} must be looked for when a resource arrives, which is done for segments"
        raise Invalid((Problem(place, told, "in_segment, of a segment with these criteria"),))
    return made


def _beyond(asked: Lens, known: Lens) -> Iterator[str]:
    """Name the words by which criteria ask of resources what the segments they refer to do not."""
    nothing: Collection[str] = ()
    if any(not texts <= set(known.filters.get(kind, nothing)) for kind, texts in asked.filters.items()):
        yield "fhirpath"
    if not asked.extensions <= known.extensions:
        yield "extension"


def _asking(made: CompiledSegment) -> Callable[[PatientRecord, Instant], str]:
    def why(record: PatientRecord, now: Instant) -> str:
        held, _, _ = made.test(record, now)
        return (made.explain(record, now).why or "its criteria hold") if held else ""

    return why


def _placed(invalid: Invalid, place: str) -> Invalid:
    """Take the made-up field "criteria" out of the places: the author's own path ends with it already."""
    made_up = f"{place}: criteria"
    return Invalid(
        tuple(
            Problem(f"{place}{p.where.removeprefix(made_up)}", p.what, p.expected)
            if p.where.startswith(made_up)
            else p
            for p in invalid.problems
        )
    )
