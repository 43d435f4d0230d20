"""FhirChange: which changes an author means, by what it is now, what it was, and what of it is other."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from shared.fhir.fact import Fact, Person, Value
from shared.fhir.instants import DAY, Instant, parse_instant
from shared.fhir.lens import MARKS, mark_of
from shared.journey.change import FhirChange, said
from shared.patient.apply import FactChanged

NOW = parse_instant("2026-03-02T15:00:00Z")
BOOKED = Fact(
    "Appointment",
    "a1",
    "1",
    NOW,
    status="booked",
    codes=("http://x|57",),
    start=Instant(NOW + DAY),
    attributes={"location": ("Location/1",), "class": ("http://x|IMP",)},
)
GONE = replace(BOOKED, gone=True, status="", codes=(), start=None, attributes={})
REQUIRED = "participant.where(required = 'required').exists()"


def fits(change: dict[str, Any], before: Fact | Person | None, after: Fact | Person) -> bool:
    meant = FhirChange.model_validate({"type": "Appointment"} | change)
    return meant.fits(FactChanged(before, after), NOW)


def like(**other: Any) -> Fact:
    return replace(BOOKED, **other)


def marked(sign: str) -> Fact:
    return like(attributes={MARKS: (f"{sign}{mark_of(REQUIRED)}",)})


@pytest.mark.parametrize(
    ("change", "before", "after", "expected"),
    [
        # what of it is other
        ({"changes": ["start"]}, BOOKED, like(start=NOW), True),
        ({"changes": ["start"]}, BOOKED, like(status="arrived"), False),
        ({"changes": ["start"]}, BOOKED, like(start=None), True),
        ({"changes": ["start"]}, None, BOOKED, True),
        ({"changes": ["start"]}, None, like(start=None), False),
        ({"changes": ["value"]}, like(value=Value(7.0)), like(value=Value(8.0)), True),
        ({"changes": ["location"]}, BOOKED, like(attributes={"location": ("Location/2",)}), True),
        ({"changes": ["location", "end"]}, BOOKED, like(title="x"), False),
        ({"changes": ["codes"], "status": ["booked"]}, BOOKED, like(codes=()), True),
        ({"changes": ["codes"], "status": ["arrived"]}, BOOKED, like(codes=()), False),
        # who waits for elements to change means every such change, whatever `becomes` says
        ({"changes": ["start"], "status": ["booked"], "becomes": True}, BOOKED, like(start=NOW), True),
        # what it was before
        ({"status": ["noshow"], "before": {"status": ["booked"]}}, BOOKED, like(status="noshow"), True),
        ({"status": ["noshow"], "before": {"status": ["arrived"]}}, BOOKED, like(status="noshow"), False),
        ({"status": ["noshow"], "before": {"status": ["booked"]}}, None, like(status="noshow"), False),
        ({"before": {"attributes": {"class": ["IMP"]}}, "becomes": False}, BOOKED, like(title="x"), True),
        ({"before": {"attributes": {"class": ["AMB"]}}, "becomes": False}, BOOKED, like(title="x"), False),
        # FHIRPath, as it was marked when the resource arrived
        ({"condition": REQUIRED}, None, marked("+"), True),
        ({"condition": REQUIRED}, None, marked("-"), False),
        ({"condition": REQUIRED}, None, BOOKED, False),
        ({"condition": REQUIRED}, marked("-"), marked("+"), True),
        ({"condition": REQUIRED}, marked("+"), marked("+"), False),
        # deletions are asked as the resource was before
        ({"interaction": "deleted"}, BOOKED, GONE, True),
        ({"interaction": "deleted"}, None, GONE, True),
        ({"interaction": "deleted", "status": ["booked"]}, BOOKED, GONE, True),
        ({"interaction": "deleted", "status": ["arrived"]}, BOOKED, GONE, False),
        ({"interaction": "deleted", "codes": ["57"]}, None, GONE, False),
        ({"interaction": "any"}, BOOKED, GONE, False),
        ({"interaction": "deleted"}, None, BOOKED, False),
        # what is history
        ({"recent": {"anchor": "focus.start"}}, None, like(start=NOW), False),
        ({"recent": {"anchor": "focus.start", "within": "P1D"}}, None, like(start=NOW), True),
        ({"recent": {"anchor": "focus.end"}}, None, BOOKED, False),
    ],
)
def test_which_changes_are_meant(
    change: dict[str, Any], before: Fact | None, after: Fact, expected: bool
) -> None:
    assert fits(change, before, after) is expected


def test_the_patients_own_record_changes_too() -> None:
    person = Person("p1", "1", NOW, attributes={"marital-status": ("http://x|M",)})
    moved = replace(person, version="2", attributes={"marital-status": ("http://x|W",)})
    assert fits({"type": "Patient", "changes": ["marital-status"]}, person, moved)
    assert not fits({"type": "Patient", "status": ["active"]}, None, person)
    assert not fits({"type": "Appointment"}, None, person)
    assert fits({"type": "Patient", "recent": {"anchor": "focus.start"}}, None, person)


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "appointment"},
        {"interaction": "created", "before": {"status": ["booked"]}},
        {"condition": "participant.where("},
        {"recent": {"anchor": "focus.value"}},
    ],
)
def test_what_can_never_be_is_a_mistake(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FhirChange.model_validate({"type": "Appointment"} | wrong)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (BOOKED, "Appointment/a1 booked"),
        (like(status=""), "Appointment/a1 changed"),
        (GONE, "Appointment/a1 was deleted"),
        (Person("p1"), "Patient/p1 changed"),
    ],
)
def test_a_change_in_words(after: Fact | Person, words: str) -> None:
    assert said(FactChanged(None, after)) == words
