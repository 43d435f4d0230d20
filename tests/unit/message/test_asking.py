"""Which question is meant: how the choices are said, and what counts as choosing one."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import InboundReceived
from shared.fhir.instants import Instant, parse_instant
from shared.message.asking import Offer, ask_which, choices, choose
from shared.message.understanding.understand import understand
from shared.patient.record import PatientRecord
from tests.unit.message.kit import NOW, PHONE, POLICY

ZONE = ZoneInfo("America/New_York")
AT = parse_instant("2026-03-01T15:00:00Z")
MARIA = Offer("k1", "e1", "Maria", AT, parse_instant("2026-03-03T19:30:00Z"))
JOSE = Offer("k2", "e2", "José Luis", AT)
BOTH = (MARIA, JOSE)


def test_the_choices_of_a_family_name_them_and_say_days_and_times_and_nothing_else() -> None:
    said = choices(BOTH, ZONE)
    assert said["choices@en"] == (
        "1 Maria: visit on Tue, Mar 3 at 2:30 PM; 2 José Luis: our question of Sun, Mar 1 at 10:00 AM"
    )
    assert said["choices@es"] == (
        "1 Maria: cita del mar, 3 mar (14:30); 2 José Luis: nuestra pregunta del dom, 1 mar (10:00)"
    )
    assert said["choices@de"] == (
        "1 Maria: Termin am Di., 3. März, 14:30; 2 José Luis: unsere Frage vom So., 1. März, 10:00"
    )
    assert said["choices"] == said["choices@en"]


def test_the_choices_of_one_patient_leave_out_the_name() -> None:
    alone = (MARIA, Offer("k1", "e3", "Maria", AT))
    assert "Maria" not in choices(alone, ZONE)["choices"]


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("1", MARIA),
        ("2.", JOSE),
        ("two", JOSE),
        ("dos", JOSE),
        ("zwei", JOSE),
        ("MARIA", MARIA),
        ("maría!", MARIA),
        ("it's for Maria, please", MARIA),
        ("para José Luis", JOSE),
        ("für Jose Luis bitte", JOSE),
        ("3", None),
        ("0", None),
        ("1.5", None),
        ("José", None),
        ("Maria and José Luis", None),
        ("Maria cannot come", None),
        ("not Maria", None),
        ("yes", None),
        ("", None),
        ("both", None),
    ],
)
def test_a_number_or_a_name_chooses_and_nothing_that_says_more(text: str, chosen: Offer | None) -> None:
    assert choose(text, understand(text).number, BOTH) == chosen


def test_of_two_with_one_name_a_name_chooses_neither() -> None:
    twins = (MARIA, Offer("k3", "e3", "Maria", AT))
    assert choose("Maria", None, twins) is None
    assert choose("2", 2.0, twins) == twins[1]


@given(st.text(max_size=30), st.none() | st.floats(allow_nan=True, allow_infinity=True))
def test_whatever_a_phone_sends_is_one_of_the_offers_or_none(text: str, number: float | None) -> None:
    assert choose(text, number, BOTH) in (*BOTH, None)


def test_the_question_repeats_nothing_of_the_answer() -> None:
    """It may be another patient's."""
    inbound = InboundReceived(
        "in-1.which", "sms", "(212) 555-0142", "yes, I have cancer", Instant(NOW), choices={"choices": "1 …"}
    )
    asked = ask_which(PatientRecord("k", "p1"), inbound, POLICY, NOW)
    (reply,) = asked.replies
    assert (reply.kind, reply.to, reply.cause, reply.values) == (
        "which",
        PHONE,
        "in-1.which",
        {"choices": "1 …"},
    )
    assert "cancer" not in asked.timeline[0].text
