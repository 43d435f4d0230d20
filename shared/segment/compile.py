"""From definitions to compiled segments: value sets and other segments bound, mistakes reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import tzinfo
from types import MappingProxyType
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from shared.errors import Invalid, Problem
from shared.fhir.fact import Person
from shared.fhir.lens import union
from shared.segment.compiled import CompiledSegment
from shared.segment.criteria.member import MemberCriterion
from shared.segment.criterion import Compiled, Context, Touch
from shared.segment.definition import PATIENT, SegmentDefinition
from shared.segment.own_zone import in_own_zone
from shared.segment.selector import compile_match, lens_of
from shared.segment.static_list import NO_LISTS, StaticLists
from shared.segment.valuesets import ValueSets
from shared.segment.wall import wall_of

_NONE: Mapping[str, CompiledSegment] = MappingProxyType({})


def compile_segment(
    definition: SegmentDefinition,
    valuesets: ValueSets,
    zone: tzinfo,
    segments: Mapping[str, CompiledSegment] = _NONE,
    where: str = "",
    lists: StaticLists = NO_LISTS,
) -> CompiledSegment:
    """Compile one definition; `zone` is the organisation's, `segments` those it may refer to, by url.

    `where` (the file) goes before the path of a Problem, the canonical if it is not given. Raises Invalid
    with every Problem: a value set or a segment that is not defined.
    """
    found: list[Problem] = []
    named = None if definition.time_zone in (None, PATIENT) else ZoneInfo(definition.time_zone or "")
    context = Context(
        valuesets, wall_of(named or zone), segments, f"{where or definition.canonical}: ", found
    )
    context = replace(context, lists=lists)
    criteria = _compiled(definition, context)
    if found:
        raise Invalid(tuple(found))
    if definition.time_zone == PATIENT:
        criteria = in_own_zone(criteria, lambda own: _compiled(definition, replace(context, wall=own)))
    return CompiledSegment(
        url=definition.url,
        canonical=definition.canonical,
        title=definition.title,
        touches=criteria.touches | _person_touches(definition),
        criteria=criteria,
        excludes=_excluder(definition),
        depends=tuple(dict.fromkeys(references(definition.criteria))),
    )


def _compiled(definition: SegmentDefinition, context: Context) -> Compiled:
    """Compile the matches and the criteria on one wall clock."""
    criteria = definition.criteria.compile(_matched(definition, context).inside("criteria"))
    return replace(criteria, lens=union((criteria.lens, *map(lens_of, definition.matches.values()))))


def _matched(definition: SegmentDefinition, context: Context) -> Context:
    """Compile the named matches, each of which may lean on those before it."""
    for name, pattern in definition.matches.items():
        match = compile_match(pattern, context.inside(f"matches.{name}"))
        context = replace(context, matches={**context.matches, name: match})
    return context


def compile_segments(
    definitions: Iterable[SegmentDefinition],
    valuesets: ValueSets,
    zone: tzinfo,
    where: Mapping[str, str] = MappingProxyType({}),
    lists: StaticLists = NO_LISTS,
) -> tuple[CompiledSegment, ...]:
    """Compile definitions that may refer to each other, each after those that it refers to.

    `where` maps canonicals to files. Raises Invalid with every Problem: also a url defined twice, and
    segments that refer to each other in a circle.
    """
    wanted: dict[str, SegmentDefinition] = {}
    problems: list[Problem] = []
    for definition in definitions:
        if definition.url in wanted:
            place = where.get(definition.canonical, definition.canonical)
            problems.append(
                Problem(place, "this url is defined twice", "one current version of each segment")
            )
        wanted[definition.url] = definition
    done: dict[str, CompiledSegment] = {}
    for definition in _ordered(wanted, problems):
        try:
            place = where.get(definition.canonical, "")
            done[definition.url] = compile_segment(definition, valuesets, zone, done, place, lists)
        except Invalid as invalid:
            problems += invalid.problems
    if problems:
        raise Invalid(tuple(problems))
    return tuple(done.values())


def references(node: object) -> Iterator[str]:
    """Yield the urls of the segments that a criterion refers to."""
    if isinstance(node, MemberCriterion):
        yield node.member_of
    elif isinstance(node, BaseModel):
        for _, value in node:
            yield from references(value)
    elif isinstance(node, tuple):
        for item in node:
            yield from references(item)


def _ordered(wanted: Mapping[str, SegmentDefinition], problems: list[Problem]) -> Iterator[SegmentDefinition]:
    """Yield each definition after those it refers to; what is left in the end is a circle."""
    waiting = {url: {r for r in references(d.criteria) if r in wanted} for url, d in wanted.items()}
    while ready := [url for url, needs in waiting.items() if not needs & waiting.keys()]:
        for url in ready:
            del waiting[url]
            yield wanted[url]
    for url in waiting:
        place = wanted[url].canonical
        problems.append(Problem(f"{place}: criteria", "refers to itself through member_of", "no circle"))


def _excluder(definition: SegmentDefinition) -> Callable[[Person], str]:
    deceased, inactive, merged = (
        not definition.include_deceased,
        not definition.include_inactive,
        not definition.include_merged,
    )

    def excludes(person: Person) -> str:
        if deceased and person.deceased:
            return "the patient has died"
        if inactive and not person.active:
            return "the patient's record is inactive"
        if merged and person.links and person.replaced_by:
            return "the record was merged into another"
        return ""

    return excludes


def _person_touches(definition: SegmentDefinition) -> frozenset[Touch]:
    watched = {
        "gone": True,
        "deceased": not definition.include_deceased,
        "active": not definition.include_inactive,
        "links": not definition.include_merged,
    }
    return frozenset(("Patient", element, "") for element, watches in watched.items() if watches)
