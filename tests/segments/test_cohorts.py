"""Every shipped segment over its own small population: who is in, who is not, and when that turns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.fhir.instants import Instant, iso
from shared.segment.compiled import CompiledSegment
from tests.segments.cohorts import Case, cases, names
from tests.unit.segment import shipped

ALL = [(name, case) for name in names() for case in cases(name)]
MOST = 60
"""No patient here turns so often, counted with the wake-ups at which nothing changes."""


@pytest.mark.parametrize(("name", "case"), ALL, ids=[f"{name}: {case.about}" for name, case in ALL])
def test_membership_and_every_turn_are_as_written(name: str, case: Case):
    segment = shipped.segments()[name]
    now = segment.evaluate(case.record, case.as_of)
    turned = [iso(at) for at in turns(segment, case)]
    assert (now.member, turned) == (case.member, [iso(at) for at in case.turns]), now.reason


def turns(segment: CompiledSegment, case: Case) -> Iterator[Instant]:
    """Follow the wake-ups, and yield those at which membership changes; right before each nothing has."""
    at, member = case.as_of, segment.evaluate(case.record, case.as_of).member
    for _ in range(MOST):
        due = segment.evaluate(case.record, at).next_flip
        if due is None:
            return
        assert due > at
        assert segment.evaluate(case.record, Instant(due - 1)).member is member
        at = due
        if segment.evaluate(case.record, at).member is not member:
            member = not member
            yield at
    raise AssertionError("turns without end")


def test_every_segment_has_a_population_with_people_in_and_out():
    told = {name: {case.member for case in cases(name)} for name in names()}
    assert told == {name: {True, False} for name in shipped.segments()}


def test_every_patient_is_told_apart():
    assert len({(name, case.about) for name, case in ALL}) == len(ALL)
