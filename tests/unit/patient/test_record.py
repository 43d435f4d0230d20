"""The record: stable ids, what is due next, and decisions one after the other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from records import records, steady, texts

from shared.fhir.instants import Instant
from shared.patient.record import Decision, PatientRecord, TimelineLine, identify, patient_key
from shared.patient.state import Enrolment, Membership, Message

DUE = Instant(50)


def a_message(message_id: str, status: str = "preparation", due: int = 50, created: int = 1) -> Message:
    return Message(
        message_id, "e", 1, "s", "j|1", "t|1", "sms", "+1", "en", status, Instant(created), Instant(due)
    )


def test_ids_are_the_same_on_every_machine_and_day():
    """Golden: a changed value would send every message again and lose every patient's partition."""
    assert identify("Patient", "p1") == "c571e5d2-cbed-51f3-8007-27d73307e375"
    assert identify("p1", "e1", 3, "+15550100", "sms") == "b4c1f7a2-dd41-521c-857d-924bf964745b"
    assert patient_key("p1") == "c571e5d2cbed51f3800727d73307e375"


@steady
@given(st.lists(texts, min_size=1, max_size=4), st.lists(texts, min_size=1, max_size=4))
def test_different_parts_give_different_ids(parts, others):
    """Where no part holds the unit separator, which no FHIR id or URL does."""
    if not any("\x1f" in part for part in (*parts, *others)):
        assert (identify(*parts) == identify(*others)) == (parts == others)


@steady
@given(texts)
def test_a_patient_key_is_opaque(patient_id):
    key = patient_key(patient_id)
    assert len(key) == 32
    assert set(key) <= set("0123456789abcdef")


def test_the_next_due_is_the_earliest_of_what_waits():
    record = PatientRecord(key="k", patient_id="p")
    assert record.next_due is None
    waiting = [
        {"memberships": {"s": Membership("s|1", False, Instant(1), DUE)}},
        {"enrolments": {"e": Enrolment("e", "j|1", "active", "s", 1, Instant(1), DUE)}},
        {"messages": {"m": a_message("m")}},
    ]
    for state in waiting:
        assert replace(record, **state).next_due == DUE
    together = replace(record, **{name: value for state in waiting for name, value in state.items()})
    assert together.next_due == DUE
    sooner = replace(together, messages={"m": a_message("m", due=7)})
    assert sooner.next_due == 7


def test_what_is_on_hold_claimed_or_without_an_instant_is_not_due():
    idle = PatientRecord(
        key="k",
        patient_id="p",
        memberships={"s": Membership("s|1", True, Instant(1))},
        enrolments={
            "e": Enrolment("e", "j|1", "on-hold", "s", 1, Instant(1), DUE),
            "f": Enrolment("f", "j|1", "active", "s", 1, Instant(1)),
        },
        messages={"m": a_message("m", "in-progress")},
    )
    assert idle.next_due is None


def test_ready_messages_are_those_due_oldest_intent_first():
    found = (
        a_message("c", due=5, created=2),
        a_message("b", due=5, created=1),
        a_message("a", due=5, created=1),
        a_message("d", due=4, created=9),
        a_message("late", due=51),
        a_message("claimed", "in-progress", due=1),
    )
    record = PatientRecord(key="k", patient_id="p", messages={m.message_id: m for m in found})
    assert [m.message_id for m in record.ready_messages(DUE)] == ["d", "a", "b", "c"]


@steady
@given(records, records)
def test_a_decision_that_follows_another_keeps_what_both_did(first, second):
    lines = (TimelineLine(Instant(1), "fact", "a"), TimelineLine(Instant(2), "fact", "b"))
    claimed = a_message("m", "in-progress")
    early = Decision(first, timeline=lines[:1], messages=(a_message("m"), a_message("n")))
    late = Decision(second, timeline=lines[1:], messages=(claimed,))
    both = early.then(late)
    assert both.record == second
    assert both.timeline == lines
    assert both.messages == (claimed, a_message("n"))
