"""Medications by reference: memberships are right, whichever of it and its use comes or changes first."""

from __future__ import annotations

from datetime import UTC
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.catalogue import build_catalogue
from shared.decide import decide
from shared.events import ResourceChanged
from shared.fhir.fact import MEDICATION_KINDS, Fact
from shared.fhir.instants import Instant
from shared.message.policy import Policy
from shared.patient.apply import apply_content
from shared.patient.record import PatientRecord
from shared.segment.compile import compile_segments
from shared.segment.evaluate import reassess
from shared.segment.index import SegmentIndex
from tests.unit.segment import strategies
from tests.unit.segment.making import ADA, NO_VALUESETS, at, definition, record

CRITERIA = {
    "urn:code": "has: {type: MedicationRequest, code: rxnorm|1}",
    "urn:codes": "has: {type: MedicationRequest, code: [rxnorm|1, rxnorm|2], status: active}",
    "urn:text": "has: {type: MedicationRequest, text: statin, intent: order}",
    "urn:either": "has: {type: MedicationRequest, text: statin, code: rxnorm|2}",
    "urn:none": "has_no: {type: MedicationDispense, code: rxnorm|1}",
    "urn:status": "has: {type: MedicationStatement, text: statin, status: active}",
    "urn:other": "has: {type: MedicationAdministration, code: rxnorm|3}",
    "urn:medication": "has: {type: Medication, code: rxnorm|1}",
}
INDEX = SegmentIndex(
    compile_segments([definition(text, url=url) for url, text in CRITERIA.items()], NO_VALUESETS, UTC)
)
NOW = at("2026-03-01")
RX = "http://www.nlm.nih.gov/research/umls/rxnorm"


def medication(version: int = 1, code: str = "1", **given: object) -> Fact:
    held = Fact("Medication", "m", str(version), Instant(version), codes=(f"{RX}|{code}",), title="A statin")
    return replace(held, **given)


def use(kind: str = "MedicationRequest", version: int = 1) -> Fact:
    said = {"medication": ("Medication/m",), "intent": ("order",)}
    return Fact(kind, "u", str(version), Instant(version), status="active", attributes=said)


def incremental(changes: list[Fact]) -> dict[str, bool]:
    """Return the answers after these changes, each looked at as the index says."""
    held, _ = reassess(record(), INDEX.all, NOW)
    for content in changes:
        held, changed = apply_content(held, content)
        touched = () if changed is None else INDEX.touched_by(changed, held.facts)
        held, _ = reassess(held, touched, NOW)
        assert answers(held) == scratch(held), content
    return answers(held)


def scratch(held: PatientRecord) -> dict[str, bool]:
    return answers(reassess(replace(held, memberships={}), INDEX.all, NOW)[0])


def answers(held: PatientRecord) -> dict[str, bool]:
    return {url: url in held.memberships and held.memberships[url].member for url in CRITERIA}


def members(changes: list[Fact]) -> set[str]:
    return {url.removeprefix("urn:") for url, member in incremental(changes).items() if member}


@pytest.mark.parametrize("order", list(permutations([medication(), use(), use("MedicationDispense")])))
def test_whichever_comes_first(order):
    assert members(list(order)) == {"code", "codes", "text", "either", "medication"}


def test_a_medication_that_changes_its_code():
    assert members([use(), medication(), medication(2, "2")]) == {"codes", "text", "either", "none"}


def test_a_medication_that_changes_its_title():
    later = medication(2, title="A fibrate")
    assert members([use("MedicationStatement"), medication()]) == {"status", "medication", "none"}
    assert members([use("MedicationStatement"), medication(), later]) == {"medication", "none"}


def test_a_medication_that_is_deleted():
    gone = Fact("Medication", "m", "2", Instant(2), gone=True)
    assert members([medication(), use(), gone]) == {"none"}
    assert members([medication(), use(), gone, medication(3)]) == {"code", "codes", "text", "either"} | {
        "medication",
        "none",
    }


def test_a_use_that_is_deleted_or_names_another():
    gone = Fact("MedicationRequest", "u", "2", Instant(2), gone=True)
    assert members([medication(), use(), gone]) == {"medication", "none"}
    other = replace(use(version=2), attributes={"medication": ("Medication/n",)})
    assert members([medication(), use(), other]) == {"medication", "none"}


codes = st.sampled_from([(), (f"{RX}|1",), (f"{RX}|2",), (f"{RX}|3", f"{RX}|1")])
titles = st.sampled_from(["", "A statin", "Insulin"])
medications = st.builds(
    Fact, st.just("Medication"), st.sampled_from("mn"), gone=st.booleans(), codes=codes, title=titles
)
uses = st.builds(
    Fact,
    st.sampled_from(sorted(MEDICATION_KINDS)),
    st.sampled_from("uv"),
    gone=st.booleans(),
    status=st.sampled_from(["active", "completed"]),
    codes=st.sampled_from([(), (f"{RX}|1",)]),
    attributes=st.sampled_from(
        [{}, {"medication": ("Medication/m",)}, {"medication": ("Medication/n",), "intent": ("order",)}]
    ),
    title=titles,
)


@strategies.THOROUGH
@given(st.lists(medications | uses, max_size=10))
def test_any_story_of_medications_and_their_uses(changes):
    incremental([replace(c, version=str(n), updated=Instant(n)) for n, c in enumerate(changes, 1)])


@pytest.mark.parametrize("order", list(permutations([medication(), use()])))
def test_through_decide(order):
    catalogue = replace(build_catalogue((), "", Policy()), segments=INDEX)
    held = PatientRecord("key", "ada")
    for content in (ADA, *order, medication(2, "2")):
        held = decide(held, ResourceChanged(content), catalogue, NOW).record
    assert answers(held) == scratch(held)
    assert held.memberships["urn:codes"].member
    assert "urn:code" not in held.memberships
