"""What people reply by text, taken for an answer or for none; and what answers amount to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.journey.survey.answering import accepted, declines, parse_answer
from shared.journey.survey.questionnaire import Item, Questionnaire
from shared.journey.survey.reading import parse_questionnaire
from shared.journey.survey.scoring import score

ROOT = Path(__file__).parents[3]


def shipped(name: str) -> Questionnaire:
    path = ROOT / f"definitions/questionnaires/{name}.json"
    return parse_questionnaire(json.loads(path.read_text("utf-8")), path.name)


CSAT, NPS, SYMPTOMS = shipped("csat"), shipped("nps"), shipped("symptom-check")


def item(questionnaire: Questionnaire, link_id: str) -> Item:
    found = questionnaire.find(link_id)
    assert found is not None
    return found


RATING = item(CSAT, "rating")
PAIN = item(SYMPTOMS, "pain")
MEDICINES = Item("m", "boolean", {"": "Do you have all?"}, required=True)
ALL_THERE = item(SYMPTOMS, "medicines")
FEELS = item(SYMPTOMS, "feels")
COMMENT = item(CSAT, "comment")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("5", "5"),
        (" 5. ", "5"),
        ("5/5", "5"),
        ("4 out of 5", None),
        ("Very good", "5"),
        ("very good, thank you!", "5"),
        ("¡Muy bien!", "5"),
        ("sehr gut", "5"),
        ("Sehr schlecht", "1"),
        ("five", "5"),
        ("cinco", "5"),
        ("fünf", "5"),
        ("number 4", "4"),
        ("4 good", "4"),
        ("4 bad", None),
        ("6", None),
        ("0", None),
        ("3 or 4", None),
        ("I have 2 cats", None),
        ("good and bad", None),
        ("", None),
        ("🙂", None),
        ("skip", None),
    ],
)
def test_a_choice(text: str, answer: str | None) -> None:
    assert parse_answer(RATING, text, "en") == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1", "better"),
        ("3", "worse"),
        ("PEOR", "worse"),
        ("etwa gleich", "same"),
        ("same", "same"),
        ("4", None),
    ],
)
def test_options_without_numbers_are_counted(text: str, answer: str | None) -> None:
    assert parse_answer(FEELS, text, "es") == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("yes", "true"),
        ("Yes please", "true"),
        ("sí", "true"),
        ("si", "true"),
        ("ja", "true"),
        ("1", "true"),
        ("no", "false"),
        ("No, gracias", "false"),
        ("nein", "false"),
        ("2", "false"),
        ("maybe", None),
        ("yes and no", None),
        ("3", None),
    ],
)
def test_yes_and_no(text: str, answer: str | None) -> None:
    assert parse_answer(MEDICINES, text, "en") == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("7", "7"),
        ("7/10", "7"),
        ("about 7", "7"),
        ("07", "7"),
        ("zehn", "10"),
        ("0", "0"),
        ("-3", "3"),
        ("11", None),
        ("7.5", None),
        ("between 3 and 8", None),
        ("a lot", None),
    ],
)
def test_a_number(text: str, answer: str | None) -> None:
    assert parse_answer(PAIN, text, "en") == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [("yes", "all-there"), ("Yep!", "all-there"), ("sí", "all-there"), ("nope", "not-all"), ("2", "not-all")],
)
def test_a_choice_of_yes_and_no(text: str, answer: str) -> None:
    assert parse_answer(ALL_THERE, text, "en") == answer


def test_words_are_taken_as_they_are_and_cut() -> None:
    assert parse_answer(COMMENT, "  It was cold.\x00 ", "en") == "It was cold."
    long = parse_answer(COMMENT, "x" * 5000, "en")
    assert long is not None
    assert len(long) == 600


def test_what_need_not_be_answered_can_be_passed_over() -> None:
    assert parse_answer(COMMENT, "SKIP", "en") == ""
    assert parse_answer(COMMENT, "Überspringen", "de") == ""
    assert parse_answer(RATING, "skip", "en") is None


@pytest.mark.parametrize(
    "text", ["not now", "No thanks", "ahora no, gracias", "Nein danke", "jetzt nicht", "NO"]
)
def test_who_would_rather_not_says_so(text: str) -> None:
    assert declines(text)
    assert parse_answer(RATING, text, "en") is None


def test_other_words_decline_nothing() -> None:
    assert not any(map(declines, ("who is this", "no me acuerdo", "nobody told me", "")))


def test_a_page_sends_codes() -> None:
    assert accepted(RATING, "5") == "5"
    assert accepted(RATING, "Very good") is None
    assert accepted(MEDICINES, "true") == "true"
    assert accepted(MEDICINES, "yes") is None
    assert accepted(PAIN, "7,0") == "7"
    assert accepted(PAIN, "1e1") is None
    assert accepted(PAIN, "٣") is None


@pytest.mark.parametrize(
    ("given", "word"),
    [(0, "detractor"), (6, "detractor"), (7, "passive"), (8, "passive"), (9, "promoter"), (10, "promoter")],
)
def test_nps(given: int, word: str) -> None:
    found = score(NPS, {"recommend": str(given), "why": "12"})
    assert (found.category, found.total, found.lowest, found.highest) == (word, given, 0, 10)


@pytest.mark.parametrize(
    ("given", "word", "satisfied"),
    [
        (1, "dissatisfied", 0),
        (2, "dissatisfied", 0),
        (3, "neutral", 0),
        (4, "satisfied", 100),
        (5, "satisfied", 100),
    ],
)
def test_csat(given: int, word: str, satisfied: float) -> None:
    found = score(CSAT, {"rating": str(given)})
    assert (found.category, found.total, found.satisfied) == (word, given, satisfied)


WELL = {"feels": "better", "breath": "none", "fever": "no-fever", "pain": "0", "medicines": "all-there"}


@pytest.mark.parametrize(
    ("more", "word", "total"),
    [
        ({}, "fine", 0),
        ({"pain": "2"}, "fine", 2),
        ({"pain": "3"}, "watch", 3),
        ({"fever": "fever", "pain": "4"}, "watch", 9),
        ({"fever": "fever", "pain": "5"}, "urgent", 10),
        ({"medicines": "not-all"}, "watch", 3),
        ({"breath": "much"}, "urgent", 10),
        ({"feels": "worse"}, "urgent", 10),
    ],
)
def test_bands_of_a_sum(more: dict[str, str], word: str, total: float) -> None:
    found = score(SYMPTOMS, WELL | more)
    assert (found.category, found.total) == (word, total)


def test_nothing_answered_is_no_score() -> None:
    found = score(CSAT, {"comment": "5"})
    assert (found.category, found.total) == ("answered", None)


def test_an_organisation_may_name_the_extension_under_its_own_address() -> None:
    path = ROOT / "definitions/questionnaires/nps.json"
    own = path.read_text("utf-8").replace("https://hearthline.example", "https://clinic.example")
    found = parse_questionnaire(json.loads(own), path.name)
    assert score(found, {"recommend": "9"}).category == "promoter"
