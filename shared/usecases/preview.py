"""Preview a segment: how many would be in it, who, of what age, sex, language and channel; nobody is entered.

Read from a snapshot in columns (shared.ports.Columns), as of any instant. Nothing of a person leaves but the
opaque key and the FHIR id of a small sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from types import MappingProxyType
from zoneinfo import ZoneInfo

from msgspec import Struct

from shared.fhir.instants import Instant
from shared.ports import Columns
from shared.segment.compile import compile_segments, references
from shared.segment.definition import PATIENT, SegmentDefinition
from shared.segment.sql.preview import BREAKDOWNS, breakdown, sample
from shared.segment.sql.translate import to_sql
from shared.segment.static_list import NO_LISTS, StaticLists
from shared.segment.valuesets import ValueSets
from shared.segment.wall import wall_of

SAMPLE = 10
"""Patients that a preview names unless asked for more."""
_MEMBERS = "members"
_NONE: Mapping[str, SegmentDefinition] = MappingProxyType({})


class Sampled(Struct, frozen=True):
    """A member by way of example."""

    patient: str
    """FHIR id."""
    key: str


class Preview(Struct, frozen=True):
    """What a segment would hold."""

    segment: str
    """Canonical "url|version"."""
    as_of: Instant
    """The instant at which membership was asked."""
    snapshot: Instant
    """How old the records were that were asked."""
    members: int
    population: int
    """Everybody who is known, the deceased and inactive among them."""
    age: Mapping[str, int]
    """Members by age band at `as_of`; those of no band are not in it. So with the others."""
    sex: Mapping[str, int]
    language: Mapping[str, int]
    channel: Mapping[str, int]
    """By the first of sms, email, letter that reaches them, else none; opt-outs are heeded."""
    sample: tuple[Sampled, ...]


class Asked(Struct, frozen=True):
    """What a preview is to be of."""

    definition: SegmentDefinition
    valuesets: ValueSets
    zone: tzinfo
    """The organisation's."""
    now: Instant
    others: Mapping[str, SegmentDefinition] = _NONE
    """The segments that it may refer to, by url."""
    lists: StaticLists = NO_LISTS
    size: int = SAMPLE


def preview(columns: Columns, asked: Asked) -> Preview:
    """Ask the columns. Raises Invalid for a definition that does not compile, Unavailable."""
    definition, now = asked.definition, asked.now
    others = {**asked.others, definition.url: definition}
    compile_segments(_needed(definition, others), asked.valuesets, asked.zone, lists=asked.lists)
    snapshot = columns.snapshot
    query = to_sql(definition, asked.valuesets, asked.zone, now, snapshot, others, asked.lists)
    named = None if definition.time_zone in (None, PATIENT) else ZoneInfo(definition.time_zone or "")
    wall = wall_of(named or asked.zone)
    counted, chosen = columns.ask(
        query, [breakdown(_MEMBERS, wall, now), sample(_MEMBERS, definition.url, asked.size)]
    )
    members, counts = _counts(counted)
    return Preview(
        segment=definition.canonical,
        as_of=now,
        snapshot=snapshot.as_of,
        members=members,
        population=snapshot.patients,
        **counts,
        sample=tuple(Sampled(patient, key) for patient, key in chosen),
    )


def _needed(
    definition: SegmentDefinition, others: Mapping[str, SegmentDefinition]
) -> list[SegmentDefinition]:
    """Return a definition and all that it refers to, near and far, as far as they are known."""
    found = {definition.url: definition}
    waiting = [definition]
    while waiting:
        for url in references(waiting.pop().criteria):
            if url in others and url not in found:
                found[url] = others[url]
                waiting.append(others[url])
    return list(found.values())


def _counts(rows: list[tuple[str | int | None, ...]]) -> tuple[int, dict[str, dict[str, int]]]:
    """Tell apart the counts by age, sex, language and channel, most first, and that of everybody."""
    members = 0
    counts: dict[str, dict[str, int]] = {name: {} for name in BREAKDOWNS}
    for *words, count in sorted(rows, key=lambda row: (-int(row[-1] or 0), str(row))):
        named = [(name, str(word)) for name, word in zip(BREAKDOWNS, words, strict=True) if word is not None]
        if not named:
            members = int(count or 0)
        for name, word in named:
            counts[name][word] = int(count or 0)
    return members, counts
