"""From a definition to the query for its members as of an instant: the way into this package."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from types import MappingProxyType

from shared.errors import Invalid, Problem
from shared.fhir.instants import Instant
from shared.segment.columns import Snapshot
from shared.segment.criterion import Context
from shared.segment.definition import SegmentDefinition
from shared.segment.sql.members import members
from shared.segment.sql.query import Build, Query, Step
from shared.segment.static_list import NO_LISTS, StaticLists
from shared.segment.valuesets import ValueSets
from shared.segment.wall import wall_of

_NONE: Mapping[str, SegmentDefinition] = MappingProxyType({})


def to_sql(
    definition: SegmentDefinition,
    valuesets: ValueSets,
    zone: tzinfo,
    now: Instant,
    snapshot: Snapshot,
    segments: Mapping[str, SegmentDefinition] = _NONE,
    lists: StaticLists = NO_LISTS,
) -> Query:
    """Make the query for the members of a definition that compiles, as of `now`.

    `zone` is the organisation's; `snapshot` says what is in the columns; `segments` are those that it may
    refer to, by url. Raises Invalid for what cannot be said in SQL, naming the criterion.
    """
    problems: list[Problem] = []
    steps: list[Step] = []
    context = Context(valuesets, wall_of(zone), {}, "", problems, lists=lists)
    build = Build(context, zone, now, snapshot, segments, columns=(), steps=steps, members={})
    text = members(definition, build)
    if problems:
        raise Invalid(tuple(problems))
    return Query(tuple(steps), text)
