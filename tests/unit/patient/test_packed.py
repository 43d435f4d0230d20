"""Packed facts: those of one code are found without decoding the others, whatever their texts say."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from records import CODES, TYPES, collections, small_fact, steady

from shared.fhir.fact import Fact
from shared.patient.facts import Facts
from shared.patient.packed import PackedFacts, compress, decompress
from shared.patient.packing import CHUNK_FACTS, pack, unpack
from shared.patient.record import PatientRecord

LIKE_A_START = ("\u576bObservation", "\U0001076bObservation", "\u576bCondition s|1", "s|1", "\u576b", "")
"""Texts whose bytes are those with which facts begin, after the lead byte of a character of three or four."""


def packed(found: Facts) -> dict[str, bytes]:
    return pack(PatientRecord(key="key", patient_id="p", facts=found))


def check(found: Facts) -> None:
    chunks = packed(found)
    for kind in TYPES[:2]:
        for code in (*CODES, "s", "|", "no|such", "\u576bObservation"):
            expected = [fact for fact in found.of(kind).values() if code in fact.codes and not fact.gone]
            assert PackedFacts(chunks).coded(kind, code) == expected
            assert unpack("key", chunks).facts.coded(kind, code) == expected


@steady
@given(collections)
def test_facts_of_a_code_are_those_that_a_scan_finds(found):
    check(found)


@steady
@given(collections, st.lists(st.tuples(*[st.sampled_from(LIKE_A_START)] * 4), max_size=12))
def test_texts_that_look_like_the_beginning_of_a_fact_do_no_harm(found, texts):
    for fact, (title, status, text, code) in zip(list(found), texts, strict=False):
        attributes = {"category": (text,), text: (title,)}
        found = found.with_fact(
            replace(fact, title=title, status=status, attributes=attributes, codes=(*fact.codes, code))
        )
    check(found)


@pytest.mark.parametrize("size", [1, 15, 16, CHUNK_FACTS, CHUNK_FACTS + 1, 2 * CHUNK_FACTS + 20])
def test_facts_of_a_code_are_found_in_chunks_of_any_size(size):
    check(Facts.of_facts(*(small_fact(n) for n in range(size))))


def test_nothing_is_decoded_where_no_fact_has_the_code():
    assert PackedFacts({"Observation_0": b"broken"}).coded("Observation", "s|1") == []


def test_what_is_cut_off_is_an_error():
    raw = msgspec.msgpack.encode([small_fact(1), small_fact(2)])
    with pytest.raises(ValueError, match="truncated"):
        PackedFacts({"Observation_0": raw[:-4]}).coded("Observation", "s|all")


def test_after_a_few_codes_the_whole_type_is_decoded_and_indexed():
    found = Facts.of_facts(*(small_fact(n) for n in range(20)))
    loaded = unpack("key", packed(found)).facts
    for _ in range(2):
        for code in (*(f"s|{n}" for n in range(7)), "s|all"):
            assert loaded.coded("Observation", code) == found.coded("Observation", code)


def test_what_was_found_of_a_packed_type_does_not_outlive_a_change():
    loaded = unpack("key", packed(Facts.of_facts(small_fact(1), small_fact(2)))).facts
    assert len(loaded.coded("Observation", "s|all")) == 2
    grown = loaded.with_fact(Fact("Observation", "id-1", "2", gone=True))
    assert grown.coded("Observation", "s|all") == [small_fact(2)]
    assert len(loaded.coded("Observation", "s|all")) == 2


@given(st.integers(0, 5000))
@steady
def test_chunks_of_any_size_come_back(size):
    raw = msgspec.msgpack.encode(["x" * size])
    assert decompress(compress(raw)) == raw
    assert len(compress(raw)) <= max(len(raw), 1024)
