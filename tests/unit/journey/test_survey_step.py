"""The survey step: what an author may not write, and how a dialogue goes through moves, pauses and faults."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from shared.catalogue import Catalogue, Document, build_catalogue
from shared.decide import decide
from shared.errors import Invalid
from shared.events import (
    DefinitionsPublished,
    EnrolAsked,
    EnrolmentAsked,
    Event,
    InboundReceived,
    SurveyAnswered,
    WakeupDue,
)
from shared.fhir.fact import ContactPoint, Person
from shared.fhir.instants import DAY, HOUR, Instant, parse_instant
from shared.journey.controls import FREE, Controls
from shared.journey.definition import parse_journey
from shared.message.policy import Policy
from shared.patient.record import PatientRecord, patient_key
from shared.patient.roster import roster_row
from shared.patient.state import Enrolment, Message

BASE = "https://x.example"
NOW = parse_instant("2026-03-02T15:00:00Z")
PHONE = "+12125550142"
TEMPLATE = {
    "url": f"{BASE}/templates/q",
    "version": "1",
    "title": "Q",
    "channels": {"sms": {"text": {"en": "{{ question.text }}", "es": "{{ question.text }}"}}},
}
QUESTIONNAIRE: dict[str, Any] = {
    "resourceType": "Questionnaire",
    "url": f"{BASE}/questionnaires/q",
    "version": "1",
    "title": "Q",
    "status": "active",
    "item": [
        {"linkId": "a", "text": "A?", "type": "boolean", "required": True},
        {"linkId": "b", "text": "B?", "type": "text"},
        {"linkId": "c", "text": "C?", "type": "integer", "required": True},
    ],
}
STEP: dict[str, Any] = {
    "id": "ask",
    "kind": "survey",
    "questionnaire": QUESTIONNAIRE["url"],
    "template": TEMPLATE["url"],
    "channels": ["sms"],
    "timeout": "P3D",
    "next": "done",
    "timed_out": "silent",
}


def body(version: str = "1", **more: Any) -> dict[str, Any]:
    exits = [{"id": each, "kind": "exit", "reason": each} for each in ("done", "silent")]
    head = {"url": f"{BASE}/journeys/asks", "version": version, "title": "Asks", "trigger": {"manual": True}}
    return {**head, "re_entry": "after-exit", "steps": [{**STEP, **more}, *exits]}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"timeout": "-P1D"}, "a timeout is longer than nothing"),
        ({"timeout": "P0D"}, "a timeout is longer than nothing"),
        ({"remind": "-PT1H"}, "remind is some time after a question"),
        ({"channels": ["email"]}, "by text people answer by sms or whatsapp"),
        ({"by": "link", "declined": "silent"}, "declined is for surveys by text"),
        ({"by": "phone"}, "is none of those allowed"),
        ({"next": "nowhere"}, "there is no step nowhere"),
        ({"declined": "nowhere"}, "there is no step nowhere"),
    ],
)
def test_what_an_author_may_not_write(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid, match=told):
        parse_journey(body(**wrong), "j.yaml")


@pytest.mark.parametrize("field", ["questionnaire", "template", "channels", "timeout", "next", "timed_out"])
def test_what_must_be_said(field: str) -> None:
    without = body()
    del without["steps"][0][field]
    with pytest.raises(Invalid, match=rf"steps\[0\]\.{field}: is missing"):
        parse_journey(without, "j.yaml")


def test_a_survey_waits_so_it_may_come_round_again() -> None:
    parse_journey(body(next="ask", declined="done"), "j.yaml")


class Life:
    """One patient in one survey."""

    def __init__(self, **more: Any) -> None:
        self.documents = [
            Document("questionnaire", "q.json", QUESTIONNAIRE),
            Document("template", "q.yaml", TEMPLATE),
        ]
        self.number, self.heard, self.now = 0, 0, NOW
        self.catalogue: Catalogue
        self.publish(body(**more))
        person = Person("p1", "1", telecom=(ContactPoint("phone", PHONE, "mobile"),), languages=("en",))
        self.record = PatientRecord(patient_key("p1"), "p1", person=person)
        self.does(EnrolAsked(f"{BASE}/journeys/asks", "test", "asked"))

    def publish(self, *bodies: dict[str, Any], controls: Controls = FREE) -> None:
        self.number += 1
        self.documents += [Document("journey", "j.yaml", each) for each in bodies]
        self.catalogue = build_catalogue(self.documents, f"{self.number}-x", Policy(), controls=controls)

    def does(self, event: Event, later: int = 0) -> None:
        self.now = Instant(self.now + later)
        self.record = decide(self.record, event, self.catalogue, self.now).record

    def replies(self, text: str, later: int = HOUR) -> None:
        self.heard += 1
        self.now = Instant(self.now + later)
        self.does(InboundReceived(f"in-{self.heard}", "sms", PHONE, text, self.now))

    @property
    def enrolment(self) -> Enrolment:
        (found,) = self.record.enrolments.values()
        return found

    @property
    def asked(self) -> str:
        return self.enrolment.results.get("ask.asked", "")

    @property
    def messages(self) -> list[Message]:
        return sorted(self.record.messages.values(), key=lambda message: message.sequence)

    def answers(self) -> dict[str, str]:
        kept = self.enrolment.results
        return {k.removeprefix("ask.q."): v for k, v in kept.items() if k.startswith("ask.q.")}


def test_the_timeout_is_for_all_questions_together() -> None:
    life = Life()
    life.replies("yes", DAY)
    life.replies("skip", DAY)
    assert life.enrolment.due == NOW + 3 * DAY
    life.does(WakeupDue(life.enrolment.due), DAY)
    assert life.record.enrolments == {}


def test_a_reminder_comes_once_and_asks_the_same() -> None:
    life = Life(remind="PT12H")
    life.replies("yes")
    assert life.enrolment.due == life.now + 12 * HOUR
    life.does(WakeupDue(life.enrolment.due), 12 * HOUR)
    assert (life.asked, life.enrolment.due) == ("b", NOW + 3 * DAY)
    life.replies("skip")
    assert life.enrolment.due == NOW + 3 * DAY


def test_each_question_is_asked_for_again_once() -> None:
    life = Life()
    life.replies("what?")
    life.replies("yes")
    life.replies("well")
    life.replies("lots")
    assert (life.asked, life.answers()) == ("c", {"a": "true", "b": "well"})
    life.replies("many")
    assert life.record.enrolments == {}


def test_the_next_question_answers_the_reply() -> None:
    life = Life()
    life.replies("yes")
    assert [message.answers for message in life.messages] == ["", "in-1"]


def test_a_message_holds_the_question_in_every_language() -> None:
    (message,) = Life().messages
    assert message.values["text"] == "A?"
    assert message.values["number"] == "1"


def test_whoever_is_moved_is_not_asked_again() -> None:
    life = Life()
    life.replies("yes")
    before = len(life.messages)
    life.publish({**body("2"), "on_publish": {"those_inside": "move"}})
    life.does(DefinitionsPublished())
    assert life.enrolment.journey.endswith("|2")
    assert (len(life.messages), life.asked, life.answers()) == (before, "b", {"a": "true"})
    life.replies("skip")
    life.replies("7")
    assert life.record.enrolments == {}


def test_whoever_is_moved_from_another_kind_of_step_is_asked() -> None:
    life = Life()
    assert life.asked == "a"
    moved = replace(life.enrolment, results={})
    life.record = replace(life.record, enrolments={moved.enrolment_id: moved}, messages={})
    life.publish({**body("3"), "on_publish": {"those_inside": "move"}})
    life.does(DefinitionsPublished())
    assert life.asked == "a"
    assert len(life.messages) == 1


def test_a_paused_journey_keeps_the_next_question_back_and_loses_nothing() -> None:
    life = Life()
    life.publish(controls=Controls(paused=frozenset({f"{BASE}/journeys/asks"})))
    life.does(DefinitionsPublished())
    life.replies("yes")
    assert life.answers() == {"a": "true"}
    life.publish()
    life.does(DefinitionsPublished())
    life.replies("skip")
    life.replies("3")
    assert life.record.enrolments == {}


def test_staff_who_pause_a_patient_lose_no_answer() -> None:
    life = Life()
    life.does(EnrolmentAsked(life.enrolment.enrolment_id, "pause", "staff-1"))
    life.replies("yes")
    assert (life.enrolment.held, life.asked) == ("staff", "b")
    life.does(EnrolmentAsked(life.enrolment.enrolment_id, "resume", "staff-1"))
    life.replies("skip")
    assert life.asked == "c"


def test_who_is_asked_again_later_begins_afresh() -> None:
    life = Life(next="ask", declined="done")
    for text in ("yes", "well", "7"):
        life.replies(text)
    assert (life.asked, life.answers()) == ("a", {})
    assert life.enrolment.results["ask"] == "answered"


def test_answers_are_in_no_list() -> None:
    life = Life()
    life.replies("yes")
    life.replies("my neighbour is ill")
    assert roster_row(life.enrolment, 1).results == {}


def test_answers_are_bounded() -> None:
    life = Life()
    life.replies("yes")
    life.replies("x" * 9000)
    assert len(life.answers()["b"]) == 1000


def test_stop_is_no_answer() -> None:
    life = Life()
    life.replies("STOP")
    assert life.asked == "a"
    assert "ask.again" not in life.enrolment.results


def test_the_page_may_answer_what_text_has_begun() -> None:
    life = Life()
    life.replies("yes")
    event = SurveyAnswered("p", life.enrolment.enrolment_id, "ask", {"a": "false", "c": "3"}, life.now)
    life.does(event)
    assert life.record.enrolments == {}
