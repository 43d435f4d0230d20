"""Facts: immutable, indexed by code, and aware of what a commit must write."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from records import collections, facts, records, small_fact, steady

from shared.fhir.fact import Fact
from shared.patient.facts import Facts
from shared.patient.packed import PackedFacts
from shared.patient.packing import pack, unpack
from shared.patient.record import PatientRecord


def by_reference(found: Facts) -> dict[str, Fact]:
    return {fact.reference: fact for fact in found}


@steady
@given(collections, facts())
def test_adding_a_fact_makes_a_new_collection_and_leaves_the_old(found, fact):
    before = by_reference(found)
    grown = found.with_fact(fact)
    assert by_reference(found) == before
    assert by_reference(grown) == {**before, fact.reference: fact}
    assert grown.get(fact.reference) == fact
    assert len(grown) == len({*before, fact.reference})


@steady
@given(collections, st.lists(facts(), max_size=8))
def test_what_changed_is_what_was_added_since_it_was_packed(found, added):
    committed = found.committed()
    assert not committed.changed
    assert committed == found
    grown = committed
    for fact in added:
        grown = grown.with_fact(fact)
    changed = {f"{kind}/{resource_id}" for kind, ids in grown.changed.items() for resource_id in ids}
    assert changed == {fact.reference for fact in added}
    assert not grown.committed().changed
    assert not committed.changed


@steady
@given(collections, st.lists(facts(), max_size=6), st.integers(0, 5))
def test_the_index_by_code_agrees_with_a_scan_before_and_after_a_change(found, added, looked):
    """An index that was made before a fact changed must not outlive the change."""
    for number, fact in enumerate(added):
        if number == looked:
            check_index(found)
        found = found.with_fact(fact)
    check_index(found)


def check_index(found: Facts) -> None:
    for kind in found.types:
        live = [fact for fact in found.of(kind).values() if not fact.gone]
        for code in {code for fact in live for code in fact.codes} | {"no|such"}:
            assert found.coded(kind, code) == [fact for fact in live if code in fact.codes]


def test_a_code_that_a_fact_has_twice_is_found_once():
    fact = Fact("Observation", "1", codes=("s|1", "s|1"))
    assert Facts.of_facts(fact).coded("Observation", "s|1") == [fact]


def test_a_deleted_fact_is_found_by_reference_and_not_by_code():
    tombstone = Fact("Observation", "1", gone=True, codes=("s|1",))
    found = Facts.of_facts(Fact("Observation", "1", codes=("s|1",))).with_fact(tombstone)
    assert found.get("Observation/1") == tombstone
    assert found.coded("Observation", "s|1") == []


@steady
@given(records)
def test_facts_are_equal_however_they_lie(record):
    """Packed or decoded, in any order of arrival: the same facts are equal and hash alike."""
    loaded = unpack(record.key, pack(record)).facts
    reversed_ = Facts.of_facts(*reversed(list(record.facts)))
    assert loaded == record.facts == reversed_
    assert hash(loaded) == hash(record.facts) == hash(reversed_)


@steady
@given(collections, facts())
def test_one_fact_more_or_other_is_unequal(found, fact):
    grown = found.with_fact(fact)
    assert (grown == found) == (found.get(fact.reference) == fact)
    assert found != list(found)


def test_types_with_no_facts_count_for_nothing():
    empty = Facts(PackedFacts({}), {"Condition": {}, "Observation": {}})
    assert empty == Facts()
    assert hash(empty) == hash(Facts())
    assert empty.types == frozenset()
    assert list(empty) == []


def test_a_fact_keeps_its_place_when_it_changes_and_new_ones_come_last():
    found = Facts.of_facts(*(small_fact(n) for n in range(3)))
    grown = found.with_fact(small_fact(3)).with_fact(small_fact(0, version="2"))
    assert list(grown.of("Observation")) == ["id-0", "id-1", "id-2", "id-3"]


@steady
@given(records)
def test_nobody_is_found_in_an_unknown_place(record: PatientRecord):
    for reference in ("", "/", "Observation", "Observation/none", "None/id-1"):
        assert record.facts.get(reference) is None
    assert record.facts.of("Nothing") == {}
