"""What nobody understands: a Task and a Communication that are valid FHIR, one word back, and no loop."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from msgspec.structs import replace

from shared.effects import WriteResource
from shared.events import InboundReceived
from shared.fhir.fact import ContactPoint, Fact
from shared.fhir.instants import DAY, HOUR, Instant
from shared.fhir.spelled import spelled
from shared.message.handled import Handled
from shared.message.unclear import hand_over
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord
from shared.patient.state import Message
from tests.unit.message.kit import APPOINTMENT, NOW, PERSON, PHONE, POLICY

ASKED = replace(POLICY, questions_to_staff=True)
RECORD = PatientRecord("k", "p1", PERSON)


def inbound(text: str = "Is there parking?", meaning: str = "unclear", **more: Any) -> InboundReceived:
    return replace(InboundReceived("in-1", "sms", PHONE, text, Instant(NOW - 1), meaning=meaning), **more)


def bodies(found: Handled) -> dict[str, dict[str, Any]]:
    written = [effect for effect in found.effects if isinstance(effect, WriteResource)]
    return {effect.resource_type: json.loads(effect.body) for effect in written}


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
@pytest.mark.parametrize("text", ["Is there parking?", "", "  ", "¿Qué? 👍\n"])
@pytest.mark.parametrize("meaning", ["unclear", "cancel", "wrong-person", "number", "stop"])
def test_what_staff_get_is_valid_fhir(channel: str, text: str, meaning: str) -> None:
    found = bodies(hand_over(RECORD, inbound(text, meaning, channel=channel), ASKED, NOW))
    assert set(found) == {"Task", "Communication"}
    for kind, body in found.items():
        get_fhir_model_class(kind).model_validate(body)


def test_the_task_holds_the_words_why_and_until_when() -> None:
    task = bodies(hand_over(RECORD, inbound(), ASKED, NOW))["Task"]
    assert (task["status"], task["intent"], task["priority"]) == ("requested", "order", "routine")
    assert task["input"] == [{"type": {"text": "Reply"}, "valueString": "Is there parking?"}]
    assert task["for"] == {"reference": "Patient/p1"}
    assert task["restriction"]["period"]["end"] == "2026-03-03T15:00:00.000Z"
    assert "answers no question" in task["reasonCode"]["text"]


def test_the_communication_came_from_the_patient_and_the_task_points_to_it() -> None:
    found = bodies(hand_over(RECORD, inbound(), ASKED, NOW))
    said = found["Communication"]
    assert (said["status"], said["sender"]) == ("completed", {"reference": "Patient/p1"})
    assert said["payload"] == [{"contentString": "Is there parking?"}]
    assert found["Task"]["reasonReference"]["identifier"] == said["identifier"][0]
    assert PHONE not in json.dumps(found)


def test_of_a_relatives_number_it_is_the_relative_who_wrote() -> None:
    phone = spelled([ContactPoint("phone", "+12125550177", "mobile")])
    mother = Fact("RelatedPerson", "r1", attributes={"relationship": ("MTH",), "spelled-telecom": phone})
    record = replace(RECORD, facts=Facts.of_facts(mother))
    found = hand_over(record, inbound(sender="+12125550177"), ASKED, NOW)
    assert bodies(found)["Communication"]["sender"] == {"reference": "RelatedPerson/r1"}


def test_both_have_the_same_ids_on_every_try_and_hang_on_no_enrolment() -> None:
    first, again = (hand_over(RECORD, inbound(), ASKED, at) for at in (NOW, Instant(NOW + HOUR)))
    assert [e.effect_id for e in first.effects] == [e.effect_id for e in again.effects]
    assert all(isinstance(e, WriteResource) and not e.enrolment_id for e in first.effects)


@pytest.mark.parametrize("meaning", ["cancel", "reschedule"])
def test_a_wish_about_a_visit_is_urgent_and_names_the_one_that_is_ahead(meaning: str) -> None:
    record = replace(RECORD, facts=Facts.of_facts(APPOINTMENT))
    found = hand_over(record, inbound("cancel my appt", meaning), ASKED, NOW)
    task = bodies(found)["Task"]
    assert (task["priority"], task["focus"]) == ("urgent", {"reference": "Appointment/a1"})
    assert [reply.kind for reply in found.replies] == ["noted"]


@pytest.mark.parametrize(
    "other",
    [
        replace(APPOINTMENT, resource_id="a2"),
        replace(APPOINTMENT, status="cancelled"),
        replace(APPOINTMENT, start=Instant(NOW - 1)),
        replace(APPOINTMENT, gone=True),
    ],
    ids=["two ahead", "cancelled", "past", "deleted"],
)
def test_which_visit_is_meant_is_not_guessed(other: Fact) -> None:
    facts = (other, APPOINTMENT) if other.resource_id == "a2" else (other,)
    found = hand_over(replace(RECORD, facts=Facts.of_facts(*facts)), inbound("x", "cancel"), ASKED, NOW)
    assert "focus" not in bodies(found)["Task"]


@pytest.mark.parametrize(
    ("given", "policy"),
    [
        (inbound("thanks", "thanks"), ASKED),
        (inbound(answering=False), ASKED),
        (inbound(), POLICY),
    ],
    ids=["thanks", "another patient at the same phone writes back", "switched off"],
)
def test_what_leaves_nothing_to_do_leaves_nothing(given: InboundReceived, policy: Any) -> None:
    assert hand_over(RECORD, given, policy, NOW) == Handled(RECORD)


@pytest.mark.parametrize(("ago", "told"), [(0, 0), (DAY - 1, 0), (DAY, 1), (2 * DAY, 1)])
def test_that_it_was_not_understood_is_said_once_a_day(ago: int, told: int) -> None:
    before = Message(
        "m1",
        "",
        0,
        "not-understood",
        "",
        f"{ASKED.replies}not-understood|1.0.0",
        "sms",
        PHONE,
        "en",
        "completed",
        Instant(NOW - ago),
        Instant(NOW - ago),
    )
    found = hand_over(replace(RECORD, messages={"m1": before}), inbound(), ASKED, NOW)
    assert len(found.replies) == told
    assert len(found.effects) == 2


def test_who_says_that_the_number_is_wrong_is_written_to_no_more() -> None:
    assert not hand_over(RECORD, inbound("wrong number", "wrong-person"), ASKED, NOW).replies
