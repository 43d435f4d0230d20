"""A whole definition as SQL: its named matches, who is excluded, its criteria, and segments within it."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from shared.segment.criteria.member import ListCriterion, MemberCriterion
from shared.segment.definition import PATIENT, SegmentDefinition
from shared.segment.sql.criteria import SAID, condition
from shared.segment.sql.needs import needed
from shared.segment.sql.query import Build
from shared.segment.sql.selecting import with_match
from shared.segment.sql.text import EVERYBODY, NOBODY, all_of, among, any_of, holds_any, literal, negated
from shared.segment.wall import wall_of


def members(definition: SegmentDefinition, build: Build) -> str:
    """Return a SELECT of the members' `patient`, each once."""
    context = replace(build.context, where=f"{definition.canonical}: ")
    inner = replace(build, context=context, columns=needed(definition), matches={})
    own = definition.time_zone == PATIENT
    test = _in_own_zones(definition, inner) if own else _in_zone(definition, inner, definition.time_zone)
    return f"SELECT p.patient FROM patients p WHERE {all_of([*_eligible(definition), test])}"


def _in_zone(definition: SegmentDefinition, build: Build, name: str | None) -> str:
    """Say the matches and the criteria by the clock of one zone, the organisation's without a name."""
    wall = wall_of(ZoneInfo(name) if name else build.zone)
    inner = replace(build, context=replace(build.context, wall=wall))
    for match, pattern in definition.matches.items():
        inner = with_match(inner, match, pattern)
    return condition(definition.criteria, inner.inside("criteria"))


def _in_own_zones(definition: SegmentDefinition, build: Build) -> str:
    """Say them for each zone that patients have, and by the organisation's for all others."""
    names = [name for name in build.snapshot.zones if _known(name)]
    tests = [all_of([f"p.zone = {literal(name)}", _in_zone(definition, build, name)]) for name in names]
    others = negated(f"({among('p.zone', names)})") if names else EVERYBODY
    return any_of([*tests, all_of([others, _in_zone(definition, build, None)])])


def _known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # what stands in a record is no name of the tz database
        return False
    return True


def _eligible(definition: SegmentDefinition) -> list[str]:
    found = {
        "NOT p.deceased": definition.include_deceased,
        "p.active": definition.include_inactive,
        "NOT p.merged": definition.include_merged,
    }
    return [test for test, everyone in found.items() if not everyone]


def _member(criterion: MemberCriterion, build: Build) -> str:
    """See MemberCriterion: the other segment is asked once, however often it is named."""
    url = criterion.member_of
    if url not in build.definitions:
        build.context.inside(".member_of").fault(
            "is no segment that is defined", ", ".join(build.definitions)
        )
        return NOBODY
    if url not in build.members:
        build.members[url] = build.table(members(build.definitions[url], build))
    return f"(p.patient IN (SELECT patient FROM {build.members[url]}))"


def _listed(criterion: ListCriterion, build: Build) -> str:
    """See ListCriterion."""
    found = build.context.lists.get(criterion.in_list)
    if found is None:
        known = ", ".join(build.context.lists.urls)
        build.context.inside(".in_list").fault("is no list that is defined", known)
        return NOBODY
    return any_of([among("p.id", found.patients), holds_any("p.identifiers", found.identifiers)])


SAID[MemberCriterion] = _member
SAID[ListCriterion] = _listed
