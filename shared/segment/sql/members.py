"""A whole definition as SQL: its named matches, who is excluded, its criteria, and segments within it."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from shared.segment.criteria.member import ListCriterion, MemberCriterion
from shared.segment.definition import SegmentDefinition
from shared.segment.sql.criteria import SAID, condition
from shared.segment.sql.needs import needed
from shared.segment.sql.query import Build
from shared.segment.sql.selecting import with_match
from shared.segment.sql.text import NOBODY, all_of, among, any_of, holds_any
from shared.segment.wall import wall_of


def members(definition: SegmentDefinition, build: Build) -> str:
    """Return a SELECT of the members' `patient`, each once."""
    zone = ZoneInfo(definition.time_zone) if definition.time_zone else build.zone
    context = replace(build.context, wall=wall_of(zone), where=f"{definition.canonical}: ")
    inner = replace(build, context=context, columns=needed(definition), matches={})
    for name, pattern in definition.matches.items():
        inner = with_match(inner, name, pattern)
    test = condition(definition.criteria, inner.inside("criteria"))
    return f"SELECT p.patient FROM patients p WHERE {all_of([*_eligible(definition), test])}"


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
