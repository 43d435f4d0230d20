"""Medications by reference: a use has the codes and the title of a Medication that lies in another fact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import steady

from shared.fhir.fact import MEDICATION_KINDS, Fact
from shared.patient.facts import Facts
from shared.patient.packing import pack, unpack
from shared.patient.record import PatientRecord

STATIN = Fact("Medication", "m", "1", codes=("rx|statin",), title="A statin")
USE = Fact("MedicationRequest", "u", attributes={"medication": ("Medication/m",)})


@pytest.mark.parametrize("kind", sorted(MEDICATION_KINDS))
def test_each_kind_of_use_has_the_codes_and_title_of_its_medication(kind):
    use = Fact(kind, "u", attributes=USE.attributes)
    found = Facts.of_facts(use, STATIN)
    assert found.coded(kind, "rx|statin") == [use]
    assert (found.codes_of(use), found.title_of(use)) == (("rx|statin",), "A statin")


def test_its_own_come_first():
    use = Fact("MedicationRequest", "u", codes=("rx|own",), title="Own", attributes=USE.attributes)
    found = Facts.of_facts(STATIN, use)
    assert (found.codes_of(use), found.title_of(use)) == (("rx|own", "rx|statin"), "Own")
    assert (
        found.coded("MedicationRequest", "rx|own") == found.coded("MedicationRequest", "rx|statin") == [use]
    )


def test_what_is_no_use_of_a_medication_has_its_own_codes_only():
    other = Fact("Observation", "o", codes=("s|1",), attributes=USE.attributes)
    found = Facts.of_facts(STATIN, other)
    assert (found.codes_of(other), found.title_of(other)) == (("s|1",), "")
    assert found.coded("Observation", "rx|statin") == []


@pytest.mark.parametrize(
    "medications", [(), (Fact("Medication", "m", "2", gone=True, codes=("rx|statin",)),)]
)
def test_a_medication_that_is_not_there_gives_nothing(medications):
    found = Facts.of_facts(USE, *medications)
    assert (found.codes_of(USE), found.title_of(USE)) == ((), "")
    assert found.coded("MedicationRequest", "rx|statin") == []


def test_packed_records_know_it_as_well():
    record = PatientRecord("key", "p", facts=Facts.of_facts(USE, STATIN))
    assert unpack("key", pack(record)).facts.coded("MedicationRequest", "rx|statin") == [USE]


medications = st.builds(
    Fact,
    st.just("Medication"),
    st.sampled_from("mn"),
    gone=st.booleans(),
    codes=st.sampled_from([(), ("rx|1",), ("rx|2", "rx|1")]),
)
uses = st.builds(
    Fact,
    st.sampled_from(sorted(MEDICATION_KINDS)),
    st.sampled_from("uv"),
    gone=st.booleans(),
    codes=st.sampled_from([(), ("rx|1",)]),
    attributes=st.sampled_from([{}, {"medication": ("Medication/m",)}, {"medication": ("Medication/n",)}]),
)


@steady
@given(st.lists(medications | uses, max_size=10))
def test_an_index_never_outlives_a_change_of_either(changes):
    found = Facts()
    for change in changes:
        found = found.with_fact(change)
        for kind in MEDICATION_KINDS:
            live = [use for use in found.of(kind).values() if not use.gone]
            for code in ("rx|1", "rx|2"):
                assert found.coded(kind, code) == [use for use in live if code in found.codes_of(use)]
