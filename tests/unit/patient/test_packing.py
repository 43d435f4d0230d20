"""Packing loses nothing, writes only what changed, and says when bytes are not what it wrote."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from records import TYPES, facts, records, small_fact, steady
from zstandard import FRAME_HEADER

from shared.patient.facts import Facts
from shared.patient.packed import HEAD, compress
from shared.patient.packing import CHUNK_FACTS, FORMAT, pack, unpack
from shared.patient.record import PatientRecord


def record_with(found: Facts, key: str = "key") -> PatientRecord:
    return PatientRecord(key=key, patient_id="p", facts=found)


def order(found: Facts) -> dict[str, list[str]]:
    return {kind: list(found.of(kind)) for kind in found.types}


@steady
@given(records)
def test_any_record_comes_back(record):
    loaded = unpack(record.key, pack(record))
    assert loaded == record
    assert order(loaded.facts) == order(record.facts)
    assert not loaded.facts.changed


@steady
@given(records)
def test_packing_the_same_record_twice_gives_the_same_bytes(record):
    assert pack(record) == pack(record)


@settings(steady, max_examples=60)
@given(
    st.integers(0, 3 * CHUNK_FACTS),
    st.lists(st.lists(facts(ids=700), max_size=6), max_size=4),
    st.booleans(),
)
def test_writing_only_what_changed_equals_writing_everything(count, commits, reload):
    """Any run of commits laid over the chunks that were there is the full pack of the final facts."""
    record = record_with(Facts.of_facts(*(small_fact(n) for n in range(count))))
    chunks = pack(record)
    for commit in commits:
        record = unpack("key", chunks) if reload else replace(record, facts=record.facts.committed())
        for fact in commit:
            record = replace(record, facts=record.facts.with_fact(fact))
        chunks |= pack(record)
    assert chunks == pack(record_with(Facts.of_facts(*record.facts)))
    assert unpack("key", chunks).facts == record.facts


@pytest.mark.parametrize("number", [0, CHUNK_FACTS - 1, CHUNK_FACTS, 2 * CHUNK_FACTS, 2 * CHUNK_FACTS + 5])
def test_a_changed_fact_writes_the_head_and_its_own_chunk(number):
    size = 2 * CHUNK_FACTS + 5
    loaded = unpack("key", pack(record_with(Facts.of_facts(*(small_fact(n) for n in range(size))))))
    changed = replace(loaded, facts=loaded.facts.with_fact(small_fact(number, version="2")))
    assert set(pack(changed)) == {HEAD, f"Observation_{number // CHUNK_FACTS}"}


def test_a_record_with_nothing_changed_writes_its_head():
    loaded = unpack("key", pack(record_with(Facts.of_facts(small_fact(1)))))
    assert set(pack(replace(loaded, catalogue="2"))) == {HEAD}


def test_chunks_are_put_together_by_number_in_any_order():
    """The tenth comes after the ninth, whatever order storage gives them in."""
    found = Facts.of_facts(*(small_fact(n) for n in range(11 * CHUNK_FACTS)))
    chunks = pack(record_with(found))
    for shuffled in (dict(sorted(chunks.items())), dict(reversed(chunks.items()))):
        assert order(unpack("key", shuffled).facts) == order(found)


@steady
@given(records, st.sampled_from(TYPES))
def test_facts_are_decoded_only_when_somebody_looks(record, kind):
    """A broken chunk of another type does no harm to who does not read it."""
    chunks = {name: chunk for name, chunk in pack(record).items() if not name.startswith(kind)}
    loaded = unpack(record.key, {**chunks, f"{kind}_0": b"broken"})
    for other in set(TYPES) - {kind}:
        assert loaded.facts.of(other) == record.facts.of(other)
    with pytest.raises(ValueError, match="array"):
        loaded.facts.of(kind)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"", "truncated"),
        (b"rubbish", "malformed"),
        (FRAME_HEADER + b"rubbish", "damaged"),
        (compress(b""), "truncated"),
        (compress(b"\xc1"), "malformed"),
        (compress(b"\x90"), "format None"),
    ],
)
def test_a_head_that_is_none_is_a_value_error(head, reason):
    with pytest.raises(ValueError, match=reason):
        unpack("key", {HEAD: head})


def test_a_record_without_a_head_is_a_value_error():
    with pytest.raises(ValueError, match="head"):
        unpack("key", {})


@pytest.mark.parametrize("fields", [1, 12, 99])
def test_another_format_is_named_whatever_its_shape(fields):
    """A record of another format is rebuilt: it must not look like one that is damaged."""
    other = msgspec.msgpack.encode([FORMAT + 1, *([None] * fields)])
    with pytest.raises(ValueError, match=f"format {FORMAT + 1}"):
        unpack("key", {HEAD: compress(other)})
