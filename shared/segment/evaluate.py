"""Keeping a record's memberships true: evaluate what a change or an instant can touch, report what turned.

Called by shared.decide with the segments that SegmentIndex names; journeys read the transitions.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from msgspec.structs import replace

from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.patient.state import Membership
from shared.patient.transition import SegmentChanged
from shared.segment.compiled import CompiledSegment
from shared.segment.evaluation import Evaluation

LONGEST_REASON = 400
"""Characters of a reason that are kept: a segment of many clauses could say thousands."""

__all__ = ["Evaluation", "reassess", "withdraw"]


def reassess(
    record: PatientRecord, segments: Iterable[CompiledSegment], now: Instant
) -> tuple[PatientRecord, tuple[SegmentChanged, ...]]:
    """Evaluate these segments and return the record with true memberships, and what turned.

    A new version of a definition that leaves the membership as it was keeps its `since` and reason and
    reports nothing. The record comes back as it is when nothing changed.
    """
    memberships = record.memberships
    turned: list[SegmentChanged] = []
    changes: dict[str, Membership | None] = {}
    for segment in segments:
        evaluation = segment.evaluate(record, now)
        before = memberships.get(segment.url)
        after = _membership(segment, evaluation, before, now)
        if (before is not None and before.member) != evaluation.member:
            reason = after.reason if after is not None else kept_reason(evaluation)
            turned.append(SegmentChanged(segment.url, segment.canonical, evaluation.member, reason))
        if after != before:
            changes[segment.url] = after
    return (_updated(record, changes) if changes else record), tuple(turned)


def withdraw(
    record: PatientRecord, published: Container[str]
) -> tuple[PatientRecord, tuple[SegmentChanged, ...]]:
    """Drop the memberships of segments whose url is no longer published, and report those that were held."""
    lost = {url: held for url, held in record.memberships.items() if url not in published}
    if not lost:
        return record, ()
    reason = "the segment is no longer published"
    turned = tuple(SegmentChanged(url, m.segment, False, reason) for url, m in lost.items() if m.member)
    return _updated(record, dict.fromkeys(lost)), turned


def kept_reason(evaluation: Evaluation) -> str:
    """Return the reason as records and timelines keep it: a long one ends in "…"; all can be asked."""
    reason = evaluation.reason
    return reason if len(reason) <= LONGEST_REASON else f"{reason[: LONGEST_REASON - 1].rstrip()}…"


def _membership(
    segment: CompiledSegment, evaluation: Evaluation, before: Membership | None, now: Instant
) -> Membership | None:
    if not evaluation.member and evaluation.next_flip is None:
        return None
    if before is not None and before.member == evaluation.member:
        since, reason = before.since, before.reason
    else:
        since, reason = now, kept_reason(evaluation)
    return Membership(segment.canonical, evaluation.member, since, evaluation.next_flip, reason)


def _updated(record: PatientRecord, changes: dict[str, Membership | None]) -> PatientRecord:
    merged = {**record.memberships, **changes}
    return replace(record, memberships={url: m for url, m in merged.items() if m is not None})
