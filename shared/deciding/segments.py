"""Segments in a decision: versions are applied, the segments that they touch looked at, journeys told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from shared.catalogue import Catalogue, publication
from shared.deciding.journeys import sprinted
from shared.deciding.outbox import intend
from shared.effects import IndexMember, IndexReference
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant
from shared.fhir.project import SHARED_TYPES
from shared.journey.advance import on_change, on_segment
from shared.patient.apply import FactChanged, apply_content
from shared.patient.facts import Facts
from shared.patient.record import Decision, PatientRecord, TimelineLine
from shared.patient.transition import SegmentChanged
from shared.patient.unseen import unseen
from shared.segment.compiled import CompiledSegment
from shared.segment.evaluate import reassess


def is_current(record: PatientRecord, catalogue: Catalogue) -> bool:
    """Say whether the record was evaluated by this catalogue, and its facts looked at through this lens."""
    return record.catalogue == catalogue.version and record.lens == catalogue.lens.digest


def is_blind(record: PatientRecord, catalogue: Catalogue) -> bool:
    """Say whether there are facts in which nobody has looked for what published segments ask."""
    return record.lens != catalogue.lens.digest and any(unseen(record, catalogue.lens))


def stale(record: PatientRecord, catalogue: Catalogue, now: Instant) -> Iterable[CompiledSegment]:
    """Return the segments to look at though nothing came in: what was published since, and what flips."""
    if record.catalogue != catalogue.version:
        return catalogue.segments.stale(record, publication(record.catalogue), now)
    if record.lens != catalogue.lens.digest:
        return catalogue.segments.all
    return catalogue.segments.due(record, now)


def doubted(record: PatientRecord, urls: Sequence[str], catalogue: Catalogue, now: Instant) -> Decision:
    """Evaluate segments afresh, and have their member rows written again whether anything turned or not."""
    doubted = [segment for segment in catalogue.segments.all if segment.url in urls]
    decision = reassessed(record, doubted, catalogue, now)
    for url in urls:
        held = decision.record.memberships.get(url)
        since = held.since if held is not None else now
        listed = IndexMember(url, held is not None and held.member, since, record.sequence)
        decision = intend(decision, listed)
    return decision


def changed_by(
    record: PatientRecord, contents: Iterable[Fact | Person], catalogue: Catalogue, now: Instant
) -> Decision:
    """Apply versions, then look at the segments that any of them touches, then let journeys react to each."""
    decision, changes = applied(record, contents)
    return decision.then(reacted(decision.record, changes, catalogue, now))


def applied(record: PatientRecord, contents: Iterable[Fact | Person]) -> tuple[Decision, list[FactChanged]]:
    """Put versions into the record; what each changed."""
    decision, changes = Decision(record), list[FactChanged]()
    for content in contents:
        after, changed = apply_content(decision.record, content)
        if changed is None:
            continue
        changes.append(changed)
        decision = replace(decision, record=after)
        if content.reference.partition("/")[0] in SHARED_TYPES and changed.before is None:
            decision = intend(decision, IndexReference(content.reference))
    return decision, changes


def reacted(
    record: PatientRecord, changes: Sequence[FactChanged], catalogue: Catalogue, now: Instant
) -> Decision:
    """Look at what changed. That more was found in the same version is nothing that happened to a patient."""
    decision = reassessed(record, touched(changes, record.facts, catalogue), catalogue, now)
    for changed in (each for each in changes if not each.same_version):
        sprint = on_change(decision.record, changed, catalogue.journeys, now)
        decision = decision.then(sprinted(sprint, catalogue, now))
    return decision


def touched(changes: Sequence[FactChanged], facts: Facts, catalogue: Catalogue) -> Iterable[CompiledSegment]:
    """Return the segments that any of these changes concerns, each once."""
    if len(changes) == 1:
        return catalogue.segments.touched_by(changes[0], facts)
    urls = {segment.url for changed in changes for segment in catalogue.segments.touched_by(changed, facts)}
    return [segment for segment in catalogue.segments.all if segment.url in urls]


def reassessed(
    record: PatientRecord, segments: Iterable[CompiledSegment], catalogue: Catalogue, now: Instant
) -> Decision:
    """Look at segments again, and let journeys react to what the patient entered or left.

    Those that ask of facts what nobody has looked for in them wait until somebody has.
    """
    if is_blind(record, catalogue):
        segments = [segment for segment in segments if not segment.lens.digest]
    after, transitions = reassess(record, segments, now)
    return turned(after, transitions, catalogue, now)


def turned(
    record: PatientRecord, transitions: tuple[SegmentChanged, ...], catalogue: Catalogue, now: Instant
) -> Decision:
    """Let journeys react to what the patient entered or left, and list it."""
    decision = Decision(record)
    for transition in transitions:
        listed = IndexMember(transition.url, transition.entered, now, record.sequence)
        decision = intend(decision, listed)
        decision = decision.then(Decision(decision.record, timeline=(_moved(transition, now),)))
    for transition in transitions:
        sprint = on_segment(decision.record, transition, catalogue.journeys, now)
        decision = decision.then(sprinted(sprint, catalogue, now))
    return decision


def _moved(transition: SegmentChanged, now: Instant) -> TimelineLine:
    verb = "Entered" if transition.entered else "Left"
    text = f"{verb} segment {transition.url.rpartition('/')[2]}: {transition.reason}"
    return TimelineLine(now, "segment", text, (transition.canonical,))
