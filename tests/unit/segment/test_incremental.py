"""Evaluating what a change or an instant can touch gives what evaluating everything from scratch gives."""

from __future__ import annotations

from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.compile import compile_segments
from shared.segment.evaluate import reassess
from shared.segment.index import SegmentIndex
from tests.unit.segment import strategies
from tests.unit.segment.making import NO_VALUESETS, definition

changes = st.one_of(strategies.facts(), strategies.people(), st.integers(0, 200))


@given(
    strategies.records(),
    st.lists(strategies.criteria(), min_size=1, max_size=4),
    strategies.instants,
    st.lists(changes, min_size=1, max_size=8),
)
@strategies.THOROUGH
def test_incremental_evaluation_equals_evaluation_from_scratch(
    record: PatientRecord,
    criteria: list[dict[str, object]],
    now: Instant,
    happening: list[Fact | Person | int],
):
    definitions = [definition(rule, url=f"urn:{n}") for n, rule in enumerate(criteria)]
    definitions.append(definition({"not": {"member_of": "urn:0"}}, url="urn:other"))
    index = SegmentIndex(compile_segments(definitions, NO_VALUESETS, UTC))
    kept, _ = reassess(record, index.all, now)
    for event in happening:
        if isinstance(event, int):
            now, touched = Instant(now + event * 5 * 3_600_000_000 + 1), ()
        else:
            newer = replace(event, updated=now, version="")
            kept, changed = strategies.changed(kept, newer)
            touched = () if changed is None else index.touched_by(changed, kept.facts)
        kept, _ = reassess(kept, (*index.due(kept, now), *touched), now)
        assert answers(kept, index) == answers(reassess(bare(kept), index.all, now)[0], index)


def bare(record: PatientRecord) -> PatientRecord:
    return replace(record, memberships={})


def answers(record: PatientRecord, index: SegmentIndex) -> dict[str, bool]:
    return {s.url: (held := record.memberships.get(s.url)) is not None and held.member for s in index.all}
