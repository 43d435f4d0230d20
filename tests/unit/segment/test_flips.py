"""Membership is never wrong between flips: random records and definitions, random and telling instants."""

from __future__ import annotations

from datetime import tzinfo

from hypothesis import given
from hypothesis import strategies as st

from shared.fhir.fact import Fact
from shared.fhir.instants import DAY, HOUR, Instant
from shared.patient.record import PatientRecord
from shared.segment.compiled import CompiledSegment
from tests.unit.segment import strategies
from tests.unit.segment.making import segment

_FAR = 800 * DAY
_OFFSETS = (0, DAY, 14 * DAY, 28 * DAY, 31 * DAY, 59 * DAY, 181 * DAY, 184 * DAY, 365 * DAY)


def telling(record: PatientRecord, now: Instant) -> list[Instant]:
    """Return instants near which something may happen, found without asking the code under test."""
    edges = [edge for fact in record.facts for edge in (fact.start, fact.end) if edge is not None]
    around = (edge + sign * offset for edge in edges for sign in (-1, 1) for offset in _OFFSETS)
    return [Instant(at + by) for at in around for by in (-HOUR, -1, 0, 1, HOUR) if now < at + by]


def check(compiled: CompiledSegment, record: PatientRecord, now: Instant, later: list[int]) -> None:
    first = compiled.evaluate(record, now)
    flip = first.next_flip
    end = Instant(now + _FAR) if flip is None else flip
    assert flip is None or flip > now
    between = [Instant(now + share * (end - now) // 1000) for share in later]
    for at in (*between, *telling(record, now), Instant(end - 1)):
        if now <= at < end:
            assert compiled.evaluate(record, at).member == first.member


@given(strategies.scenes(), strategies.zones, st.lists(st.integers(0, 999), min_size=5, max_size=5))
@strategies.THOROUGH
def test_membership_is_never_wrong_between_flips(scene: strategies.Scene, zone: tzinfo, later: list[int]):
    record, criteria, now = scene
    check(segment(criteria, zone), record, now, later)


@given(strategies.scenes(depth=0), strategies.zones)
@strategies.THOROUGH
def test_a_single_criterion_flips_at_the_very_instant(scene: strategies.Scene, zone: tzinfo):
    record, criteria, now = scene
    compiled = segment(criteria, zone)
    first = compiled.evaluate(record, now)
    if first.next_flip is not None:
        assert compiled.evaluate(record, first.next_flip).member != first.member
        assert compiled.evaluate(record, Instant(first.next_flip - 1)).member == first.member


@given(strategies.scenes())
@strategies.THOROUGH
def test_the_explanation_agrees_with_the_answer(scene: strategies.Scene):
    record, criteria, now = scene
    answer = segment(criteria).evaluate(record, now)
    assert answer.explanation.holds == answer.member
    assert answer.reason
    for ref in answer.explanation.deciding:
        found = record.facts.get(ref.reference) if "Patient/" not in ref.reference else record.person
        assert found is not None
        assert found.version == ref.version
        assert not (isinstance(found, Fact) and found.gone)
