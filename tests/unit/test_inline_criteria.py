"""Criteria inside journeys: compiled with what segments have at hand, asked at the branch."""

from __future__ import annotations

from typing import Any

import pytest

from shared.catalogue import Catalogue, Document, build_catalogue
from shared.decide import decide_all
from shared.errors import Invalid
from shared.events import EnrolAsked, ResourceChanged
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import HOUR, Instant, parse_instant
from shared.message.policy import Policy
from shared.patient.record import PatientRecord, patient_key
from shared.usecases.value_sets import missing

NOW = parse_instant("2026-03-02T15:00:00Z")
BASE = "https://hearthline.example"
JOURNEY = f"{BASE}/j/asks"


def made(kind: Any, name: str, **fields: Any) -> Document:
    url = f"{BASE}/{kind[0]}/{name}"
    return Document(kind, f"{name}.yaml", {"url": url, "version": "1", "title": name, **fields})


def asking(*criteria: dict[str, Any], **more: Any) -> Document:
    """Return a journey that ends with the number of the first criterion that holds."""
    cases = [
        {"when": {"criteria": each, **more}, "next": f"case-{number}"} for number, each in enumerate(criteria)
    ]
    ends = [
        {"id": f"case-{number}", "kind": "exit", "reason": f"case {number}"} for number in range(len(cases))
    ]
    steps = [
        {"id": "which", "kind": "branch", "cases": cases, "otherwise": "none"},
        *ends,
        {"id": "none", "kind": "exit", "reason": "no case"},
    ]
    return made("journey", "asks", trigger={"manual": True}, steps=steps)


CODES = made(
    "valueset",
    "poor",
    resourceType="ValueSet",
    compose={"include": [{"system": "urn:x", "concept": [{"code": "poor"}]}]},
)
LIST = made("list", "trial", members=["Patient/ann"])
MEN = made("segment", "men", criteria={"gender": "male"})
CALLED = made("segment", "called", criteria={"extension": {"url": f"{BASE}/called", "value": "yes"}})
CONDITION = Fact("Condition", "c1", "1", 1, codes=("urn:x|poor",), status="active")


def ann(gender: str = "female") -> PatientRecord:
    person = Person("ann", "1", 1, gender=gender, active=True, birth_date="1980-05-17")
    return PatientRecord(patient_key("ann"), "ann", person)


def catalogue(*documents: Document) -> Catalogue:
    return build_catalogue(documents, "1-x", Policy())


def said(found: Catalogue, record: PatientRecord, *facts: Fact) -> list[str]:
    """Return what the timeline says once these facts are known and the journey is entered."""
    events = [*map(ResourceChanged, facts), EnrolAsked(JOURNEY, "cause", "asked")]
    return [line.text for line in decide_all(record, events, found, NOW).timeline]


def test_the_first_case_whose_criteria_hold_is_taken_and_says_why() -> None:
    found = catalogue(asking({"age": {"below": 30}}, {"age": {"at_least": 30}}))
    assert said(found, ann()) == ["Entered asks: asked", "At which: aged 45 years", "Left asks: case 1"]


@pytest.mark.parametrize(
    ("criterion", "facts", "ends"),
    [
        ({"has": {"type": "Condition", "valueset": f"{BASE}/v/poor"}}, (CONDITION,), "case 0"),
        ({"has": {"type": "Condition", "valueset": f"{BASE}/v/poor"}}, (), "no case"),
        ({"in_list": f"{BASE}/l/trial"}, (), "case 0"),
        ({"member_of": f"{BASE}/s/men"}, (), "no case"),
        ({"not": {"member_of": f"{BASE}/s/men"}}, (), "case 0"),
        ({"member_of": f"{BASE}/s/called"}, (), "no case"),
    ],
)
def test_value_sets_lists_and_segments_are_at_hand(
    criterion: dict[str, Any], facts: tuple[Fact, ...], ends: str
) -> None:
    found = catalogue(CODES, LIST, MEN, CALLED, asking(criterion))
    assert said(found, ann(), *facts)[-1] == f"Left asks: {ends}"


def test_criteria_hold_together_with_the_other_conditions_of_a_case() -> None:
    found = catalogue(asking({"age": {"at_least": 30}}, gender=["male"]))
    assert said(found, ann())[-1] == "Left asks: no case"
    assert said(found, ann("male"))[-1] == "Left asks: case 0"


def wrong(*documents: Document) -> list[str]:
    with pytest.raises(Invalid) as caught:
        catalogue(*documents)
    return [str(problem) for problem in caught.value.problems]


def test_mistakes_are_told_with_the_authors_own_path() -> None:
    [told] = wrong(asking({"age": {"at_least": 30}}, {"aged": 30}))
    assert told.startswith("asks.yaml: steps[0].cases[1].when.criteria")
    assert "criteria.criteria" not in told
    [told] = wrong(asking({"has": {"type": "Condition", "valueset": f"{BASE}/v/none"}}))
    assert told.startswith("asks.yaml: steps[0].cases[0].when.criteria.has.valueset"), told
    [told] = wrong(asking({"member_of": f"{BASE}/s/none"}))
    assert told.startswith("asks.yaml: steps[0].cases[0].when.criteria.member_of"), told


@pytest.mark.parametrize(
    ("criterion", "word"),
    [
        ({"has": {"type": "Observation", "fhirpath": "value.exists()"}}, "fhirpath"),
        ({"extension": {"url": f"{BASE}/other", "value": "yes"}}, "extension"),
    ],
)
def test_what_must_be_looked_for_on_arrival_needs_a_segment(criterion: dict[str, Any], word: str) -> None:
    [told] = wrong(CALLED, asking(criterion))
    assert told.startswith(f"asks.yaml: steps[0].cases[0].when.criteria: {word} must be looked for"), told
    assert "in_segment" in told


def test_every_mistake_of_segments_and_criteria_is_told_at_once() -> None:
    broken = made("segment", "broken", criteria={"gender": "mail"})
    told = wrong(broken, asking({"aged": 30}))
    assert {text.partition(":")[0] for text in told} == {"asks.yaml", "broken.yaml"}


def test_value_sets_that_only_a_journey_names_are_looked_for() -> None:
    names = missing([], [asking({"has": {"type": "Condition", "valueset": f"{BASE}/v/poor"}})])
    assert names == (f"{BASE}/v/poor",)


def test_asking_costs_no_wake_up() -> None:
    """What an inline criterion may come to later is nothing that anybody waits for."""
    found = catalogue(asking({"age": {"below": 50}}))
    after = decide_all(ann(), [EnrolAsked(JOURNEY, "cause", "asked")], found, Instant(NOW + HOUR))
    assert after.record.next_due is None
