"""What holds for every questionnaire and all answers: it ends, what is written is FHIR, both ways agree."""

from __future__ import annotations

import json
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.catalogue import Catalogue, Document, build_catalogue
from shared.decide import decide
from shared.effects import WriteResource
from shared.events import EnrolAsked, InboundReceived, SurveyAnswered
from shared.fhir.fact import ContactPoint, Person
from shared.fhir.instants import Instant, parse_instant
from shared.journey.survey.answering import accepted, numbered, parse_answer, taken
from shared.journey.survey.questionnaire import Item, Questionnaire, next_item, relevant, shown
from shared.journey.survey.reading import parse_questionnaire
from shared.journey.survey.response import items
from shared.journey.survey.scoring import categories, score
from shared.message.policy import Policy
from shared.patient.record import Decision, PatientRecord, patient_key
from tests.unit.journey.survey_random import answered, questionnaires

BASE = "https://x.example"
NOW = parse_instant("2026-03-02T15:00:00Z")
PHONE = "+12125550142"
TEMPLATE = {
    "url": f"{BASE}/templates/q",
    "version": "1",
    "title": "Q",
    "channels": {"sms": {"text": {"en": "{{ question.text }} {{ question.choices }}"}}},
}


def journey(by: str) -> dict[str, Any]:
    """Return a journey that asks by text, or by link."""
    step = {
        "id": "ask",
        "kind": "survey",
        "questionnaire": f"{BASE}/questionnaires/q",
        "by": by,
        "template": TEMPLATE["url"],
        "channels": ["sms"],
        "timeout": "P3D",
        "next": "done",
        "timed_out": "silent",
    }
    exits = [{"id": each, "kind": "exit", "reason": each} for each in ("done", "silent")]
    head = {"url": f"{BASE}/journeys/asks", "version": "1", "title": "Asks", "trigger": {"manual": True}}
    return {**head, "steps": [step, *exits]}


def published(body: dict[str, Any], by: str) -> Catalogue:
    return build_catalogue(
        (
            Document("questionnaire", "q.json", body),
            Document("template", "q.yaml", TEMPLATE),
            Document("journey", "asks.yaml", journey(by)),
        ),
        "1-x",
        Policy(),
    )


def asked(catalogue: Catalogue) -> PatientRecord:
    person = Person("p1", "1", telecom=(ContactPoint("phone", PHONE, "mobile"),), languages=("en",))
    record = PatientRecord(patient_key("p1"), "p1", person=person)
    return decide(record, EnrolAsked(f"{BASE}/journeys/asks", "test", "asked"), catalogue, NOW).record


def said(item: Item, answer: str) -> str:
    """Return a reply by text that means an answer."""
    if not answer:
        return "skip"
    if item.kind in ("choice", "boolean"):
        return next(number for number, code in numbered(item) if code == answer)
    return answer


def written(decision: Decision, kind: str) -> list[dict[str, Any]]:
    effects = decision.record.outbox.values()
    return [json.loads(e.body) for e in effects if isinstance(e, WriteResource) and e.resource_type == kind]


def by_text(catalogue: Catalogue, questionnaire: Questionnaire, answers: dict[str, str]) -> Decision:
    """Answer question by question; every reply comes twice."""
    record, at = asked(catalogue), NOW
    decision = Decision(record)
    for n, each in enumerate(answers):
        item = questionnaire.find(each)
        assert item is not None
        for _ in range(2):
            at = Instant(at + 1_000_000)
            reply = InboundReceived(f"in-{n}", "sms", PHONE, said(item, answers[each]), at)
            decision = decide(decision.record, reply, catalogue, at)
    return decision


def by_link(catalogue: Catalogue, answers: dict[str, str]) -> Decision:
    record = asked(catalogue)
    enrolment = next(iter(record.enrolments.values()))
    event = SurveyAnswered("page-1", enrolment.enrolment_id, "ask", answers, NOW)
    decision = decide(record, event, catalogue, NOW)
    again = decide(decision.record, event, catalogue, NOW)
    assert again.record == decision.record
    return decision


@given(st.data())
def test_a_dialogue_ends_whatever_is_answered(data: st.DataObject) -> None:
    questionnaire = parse_questionnaire(data.draw(questionnaires()), "q.json")
    answers = data.draw(answered(questionnaire))
    assert next_item(questionnaire, answers) is None
    assert len(answers) <= sum(1 for _ in questionnaire.questions)
    assert taken(questionnaire, relevant(questionnaire, answers)) == relevant(questionnaire, answers)


@given(st.data())
def test_a_reply_means_what_it_is_meant_to(data: st.DataObject) -> None:
    questionnaire = parse_questionnaire(data.draw(questionnaires()), "q.json")
    answers = data.draw(answered(questionnaire))
    for link_id, answer in answers.items():
        item = questionnaire.find(link_id)
        assert item is not None
        assert parse_answer(item, said(item, answer), "en") == answer
        if answer:
            assert accepted(item, answer) == answer


@given(st.data())
def test_no_reply_breaks_anything(data: st.DataObject) -> None:
    questionnaire = parse_questionnaire(data.draw(questionnaires()), "q.json")
    text = data.draw(st.text(max_size=60))
    for item in questionnaire.questions:
        answer = parse_answer(item, text, "en")
        assert not answer or accepted(item, answer) == answer


@given(st.data())
def test_a_score_is_within_its_bounds_and_has_a_word(data: st.DataObject) -> None:
    questionnaire = parse_questionnaire(data.draw(questionnaires()), "q.json")
    found = score(questionnaire, data.draw(answered(questionnaire)))
    assert found.category in categories(questionnaire)
    if found.total is not None:
        assert found.lowest - 0.001 <= found.total <= found.highest + 0.001
    if found.satisfied is not None:
        assert 0 <= found.satisfied <= 100


@settings(deadline=None)  # the models of FHIR are made when they are first used
@given(st.data())
def test_by_text_and_by_link_the_same_answers_are_the_same_response(data: st.DataObject) -> None:
    body = data.draw(questionnaires())
    questionnaire = parse_questionnaire(body, "q.json")
    answers = data.draw(answered(questionnaire))
    text = by_text(published(body, "text"), questionnaire, answers)
    link = by_link(published(body, "link"), relevant(questionnaire, answers))
    (first,), (second,) = written(text, "QuestionnaireResponse"), written(link, "QuestionnaireResponse")
    assert first.get("item") == second.get("item")
    assert first.get("item", []) == items(questionnaire, answers)
    assert (first["status"], second["status"]) == ("completed", "completed")
    for response in (first, second):
        get_fhir_model_class("QuestionnaireResponse").model_validate(response)
    scores = written(text, "Observation"), written(link, "Observation")
    assert [len(each) for each in scores] == [score(questionnaire, answers).total is not None] * 2
    for observation in (*scores[0], *scores[1]):
        get_fhir_model_class("Observation").model_validate(observation)
    assert text.record.enrolments == {}


@settings(deadline=None)
@given(st.data())
def test_every_question_is_a_message_of_its_own(data: st.DataObject) -> None:
    body = data.draw(questionnaires())
    questionnaire = parse_questionnaire(body, "q.json")
    answers = data.draw(answered(questionnaire))
    sent = by_text(published(body, "text"), questionnaire, answers).record.messages.values()
    assert len({message.sequence for message in sent}) == len(sent) == max(len(answers), 1)


@given(st.data())
def test_what_no_longer_follows_is_not_kept(data: st.DataObject) -> None:
    """Whoever changes an answer on the page leaves no trace of what followed from the old one."""
    questionnaire = parse_questionnaire(data.draw(questionnaires()), "q.json")
    old, new = data.draw(answered(questionnaire)), data.draw(answered(questionnaire))
    mixed = relevant(questionnaire, {**old, **new})
    assert mixed.keys() <= {each.item.link_id for each in shown(questionnaire, mixed)}


def test_a_record_between_two_questions_is_found_again() -> None:
    """What a crash leaves is the record as it was committed: the next reply goes on from there."""
    body = {
        "resourceType": "Questionnaire",
        "url": f"{BASE}/questionnaires/q",
        "version": "1",
        "title": "Two",
        "status": "active",
        "item": [
            {"linkId": "a", "text": "A?", "type": "boolean", "required": True},
            {"linkId": "b", "text": "B?", "type": "integer", "required": True},
        ],
    }
    catalogue = published(body, "text")
    first = decide(asked(catalogue), InboundReceived("i1", "sms", PHONE, "yes", NOW), catalogue, NOW).record
    again = decide(first, InboundReceived("i1", "sms", PHONE, "yes", NOW), catalogue, NOW).record
    assert again.enrolments == first.enrolments
    held = replace(first, sequence=first.sequence)
    done = decide(held, InboundReceived("i2", "sms", PHONE, "7", NOW), catalogue, NOW)
    (response,) = written(done, "QuestionnaireResponse")
    assert [each["answer"][0] for each in response["item"]] == [{"valueBoolean": True}, {"valueInteger": 7}]
