"""Which questions are open, where, and which of them a reply answers: plainly, or as anything would."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from cli.yaml_files import load_yaml
from shared.events import InboundReceived
from shared.fhir.instants import Instant, parse_instant
from shared.journey.happened import Reply
from shared.journey.questions import how_fits, last_sent, open_questions
from shared.journey.replies import on_reply
from shared.message.understanding.understand import understand
from tests.golden.play import Play
from tests.golden.test_golden import HERE

BASE = "https://hearthline.example"
PHONE = "+12125550142"
AT = parse_instant("2026-03-02T15:00:00Z")
CASES = [
    {"when": {"answer": {"words": ["1"], "means": ["confirm"]}}, "next": "yes"},
    {"when": {"answer": {"number": {"at_least": 7, "at_most": 9}}}, "next": "many"},
    {"when": {"answer": {"any": True}}, "next": "what"},
]


def journey(name: str, cases: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    ask = {"id": "ask", "kind": "send", "template": f"{BASE}/templates/ask", "channels": ["sms", "email"]}
    wait = {"id": "reply", "kind": "wait_for", "cases": cases, "timeout": "P5D"}
    ends = [{"id": each, "kind": "exit"} for each in ("silent", *(case["next"] for case in cases))]
    body = {"url": f"{BASE}/journeys/{name}", "version": "1", "title": name, "trigger": {"manual": True}}
    return {**body, "re_entry": "after-exit", "steps": [ask, wait, *ends], **more}


def asked(*names: str, **patient: Any) -> Play:
    journeys = [journey("a", CASES), journey("b", CASES[:1]), journey("c", CASES[1:2])]
    play = Play({"journeys": journeys, "says": {"ask": "Well?"}, **patient})
    for minute, name in enumerate(names):
        play.run([{"at": f"2026-03-02T14:{minute:02}:00Z", "enrol": {"journey": f"{BASE}/journeys/{name}"}}])
    return play


def fit(play: Play, text: str) -> str:
    (question,) = open_questions(play.record, "sms", play.journeys, PHONE)
    reply = Reply("", "sms", text, AT, understand(text).meaning, "in-1")
    return how_fits(play.record, question, reply, play.journeys, AT)


@pytest.mark.parametrize(
    ("name", "text", "how"),
    [
        ("a", "1", "plainly"),
        ("a", "I'll be there", "plainly"),
        ("a", "8", "plainly"),
        ("a", "6", "somehow"),
        ("a", "is there parking?", "somehow"),
        ("b", "yes", "plainly"),
        ("b", "8", ""),
        ("b", "", ""),
        ("c", "it hurts 8", "plainly"),
        ("c", "2", ""),
    ],
)
def test_a_reply_fits_plainly_somehow_or_not(name: str, text: str, how: str) -> None:
    assert fit(asked(name), text) == how


def survey() -> Play:
    scenario = load_yaml((HERE / "step-survey.yaml").read_text(encoding="utf-8"))
    play = Play(scenario)
    play.run([{"at": "2026-03-02T14:00:00Z", "enrol": {"journey": f"{BASE}/journeys/rating"}}])
    return play


@pytest.mark.parametrize(("text", "how"), [("2", "plainly"), ("mal", "plainly"), ("no puedo ir", "somehow")])
def test_so_do_the_questions_of_a_survey(text: str, how: str) -> None:
    assert fit(survey(), text) == how


def test_a_question_that_takes_any_words_is_answered_somehow_by_all() -> None:
    play = survey()
    play.on_reply({"from": PHONE, "text": "2"}, AT)
    play.drain(AT)
    assert [fit(play, text) for text in ("It was cold.", "7")] == ["somehow", "somehow"]


def test_who_asked_last_comes_first_and_nothing_else_is_open() -> None:
    play = asked("a", "b", "c")
    titles = [question.title for question in open_questions(play.record, "sms", play.journeys, PHONE)]
    assert titles == ["c", "b", "a"]
    play.on_reply({"from": PHONE, "text": "8"}, AT)
    titles = [question.title for question in open_questions(play.record, "sms", play.journeys, PHONE)]
    assert titles == ["b", "a"]


def test_a_question_is_open_only_where_it_was_asked() -> None:
    play = asked("a", "b")
    assert len(open_questions(play.record, "sms", play.journeys, PHONE)) == 2
    assert open_questions(play.record, "sms", play.journeys, "+12125550199") == ()
    assert open_questions(play.record, "whatsapp", play.journeys, PHONE) == ()


def test_where_nothing_is_known_to_have_gone_it_is_the_one_that_waits() -> None:
    """What became of its message is not known, or it asked by email."""
    play = asked("a", patient={"email": "ana@example.org", "languages": ["en"]})
    (question,) = open_questions(play.record, "sms", play.journeys, PHONE)
    assert question.title == "a"
    assert last_sent(play.record, "sms", PHONE) == 0


def test_an_appointment_tells_when_it_begins() -> None:
    change = {"fhir_change": {"type": "Appointment", "status": ["booked"]}}
    play = Play(
        {"journeys": [journey("a", CASES, trigger=change, re_entry="per-focus")], "says": {"ask": "Well?"}}
    )
    visit = {"reference": "Appointment/a1", "status": "booked", "start": "2026-03-12T14:30:00Z"}
    play.run([{"at": "2026-03-02T14:00:00Z", "fact": visit}])
    (question,) = open_questions(play.record, "sms", play.journeys, PHONE)
    assert question.start == parse_instant("2026-03-12T14:30:00Z")


@pytest.mark.parametrize("about", ["-", "an enrolment that is over"])
def test_a_reply_that_is_about_something_is_heard_by_nothing_else(about: str) -> None:
    play = asked("a")
    inbound = InboundReceived("in-1", "sms", PHONE, "1", Instant(AT), about=about)
    assert on_reply(play.record, inbound, play.journeys, AT).record is play.record
    (enrolment,) = play.record.enrolments
    meant = replace(inbound, about=enrolment)
    assert not on_reply(play.record, meant, play.journeys, AT).record.enrolments
