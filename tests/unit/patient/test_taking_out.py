"""Facts that are taken out are gone from what is stored, whatever was committed before and after."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from records import small_fact, steady

from shared.patient.facts import Facts
from shared.patient.packing import CHUNK_FACTS, pack, unpack
from shared.patient.record import PatientRecord

KIND = small_fact(0).resource_type
MOST = 3 * CHUNK_FACTS

_moves = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, MOST), st.integers(1, CHUNK_FACTS)),
        st.tuples(st.just("take"), st.integers(0, MOST), st.integers(1, MOST)),
        st.tuples(st.just("commit"), st.booleans(), st.just(0)),
    ),
    max_size=8,
)


def ids(start: int, count: int) -> list[str]:
    return [small_fact(n).resource_id for n in range(start, start + count)]


@settings(steady, max_examples=60)
@given(st.integers(0, MOST), _moves)
def test_what_is_stored_is_what_is_left(count, moves):
    """Any run of additions and removals, committed now and then, by one who reads again or goes on."""
    record = PatientRecord("key", "p", facts=Facts.of_facts(*(small_fact(n) for n in range(count))))
    wanted = {fact.resource_id: fact for fact in record.facts}
    chunks = pack(record)
    record = replace(record, facts=record.facts.committed())
    for move, first, second in [*moves, ("commit", True, 0)]:
        found = record.facts
        if move == "add":
            for number in range(first, first + second):
                found = found.with_fact(small_fact(number))
                wanted[small_fact(number).resource_id] = small_fact(number)
        elif move == "take":
            found = found.without(KIND, ids(first, second))
            wanted = {name: fact for name, fact in wanted.items() if name not in ids(first, second)}
        else:
            chunks |= pack(record)
            record = unpack("key", chunks) if first else replace(record, facts=found.committed())
            continue
        record = replace(record, facts=found)
    assert {fact.resource_id: fact for fact in record.facts} == wanted
    assert unpack("key", chunks).facts == record.facts
    assert record.facts.types == ({KIND} if wanted else set())


def test_nothing_taken_out_is_the_same_collection():
    found = Facts.of_facts(small_fact(1))
    assert found.without(KIND, ["another"]) is found
    assert found.without("Condition", [small_fact(1).resource_id]) is found


def test_a_code_is_no_longer_found():
    fact = small_fact(1)
    found = Facts.of_facts(fact)
    (code, *_) = fact.codes
    assert found.coded(KIND, code) == [fact]
    assert found.without(KIND, [fact.resource_id]).coded(KIND, code) == []
