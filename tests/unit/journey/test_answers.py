"""Answers: the whole reply counts, whatever its dress; what is not plainly an answer is none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.journey.answers import Answer, number_in, plain

YES: dict[str, Any] = {"words": ["yes", "sí", "1", "of course"]}


def fits(answer: dict[str, Any], text: str) -> str:
    return Answer.model_validate(answer).fits(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("yes", "answered yes"),
        (" YES!! ", "answered yes"),
        ("Yes, please.", "answered yes"),
        ("thank you yes", "answered yes"),
        ("si", "answered sí"),
        ("Sí, por favor", "answered sí"),
        ("SÍ", "answered sí"),
        ("\uff59\uff45\uff53", "answered yes"),
        ("1", "answered 1"),
        ("1.", "answered 1"),
        ("Of  course 👍", "answered of course"),
        ("yes yes", ""),
        ("yes but I cannot", ""),
        ("yesterday", ""),
        ("11", ""),
        ("no", ""),
        ("", ""),
        ("👍", ""),
        ("please", ""),
    ],
)
def test_words_are_the_whole_reply_without_its_courtesies(text: str, why: str) -> None:
    assert fits(YES, text) == why


def test_a_courtesy_can_be_the_answer_itself() -> None:
    assert fits({"words": ["thanks"]}, "Thanks!") == "answered thanks"
    assert fits({"words": ["thank you"]}, "thank you") == "answered thank you"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("7/10", 7),
        ("7 / 10", 7),
        ("about 7,5 today", 7.5),
        ("7.25", 7.25),
        ("it is a 10", 10),
        ("٣", 3),
        ("7 or 8", None),
        ("7-8", None),
        ("seven", None),
        ("", None),
        ("120/80", 120),
    ],
)
def test_a_number_stands_alone_in_its_reply(text: str, number: float | None) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize(
    ("bounds", "fitting"),
    [
        ({"at_least": 7}, {7, 8, 10}),
        ({"at_most": 7}, {0, 6.5, 7}),
        ({"at_least": 6.5, "at_most": 8}, {6.5, 7, 8}),
        ({}, {0, 6.5, 7, 8, 10}),
    ],
)
def test_bounds_belong_to_it(bounds: dict[str, float], fitting: set[float]) -> None:
    found = {n for n in (0, 6.5, 7, 8, 10) if fits({"number": bounds}, f"{n:g}")}
    assert found == fitting


def test_why_repeats_no_other_words_of_the_patient() -> None:
    assert fits({"number": {}}, "it hurts 8 at my left knee") == "answered 8"
    assert fits({"any": True}, "call me at 212 555 0100") == "answered"


def test_anything_is_something() -> None:
    assert fits({"any": True}, "?") == "answered"
    assert fits({"any": True}, " ") == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"words": []},
        {"words": ["yes"], "any": True},
        {"any": False},
        {"words": ["!!"]},
        {"number": {"at_least": 8, "at_most": 7}},
        {"words": ["yes"], "number": {}},
    ],
)
def test_what_no_reply_could_fit_or_all_would_is_a_mistake(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Answer.model_validate(wrong)


@given(st.text(max_size=40))
@example("İ")
@example("ﬀ½")
@example("1" * 40)
def test_any_reply_is_read_and_reading_it_twice_changes_nothing(text: str) -> None:
    """Whatever a phone sends: no reply is an error."""
    assert plain(plain(text)) == plain(text)
    number = number_in(text)
    assert number is None or number >= 0
    for answer in (YES, {"number": {}}, {"any": True}):
        assert isinstance(fits(answer, text), str)


@given(st.sampled_from(["yes", "sí", "of course"]), st.sampled_from(["", "!", " :)", " please", "… gracias"]))
def test_dress_never_matters(word: str, dress: str) -> None:
    for text in (word, word.upper(), word.capitalize()):
        assert fits(YES, f" {text}{dress} ") == f"answered {word}"
