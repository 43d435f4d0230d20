"""The words that ship keep the rules of docs/shipped-journeys.md: short, plain, discreet, and how to stop."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace

from shared.message.fields import Scene
from shared.message.render import Rendered, compile_template, render_message
from shared.message.template import parse_template
from shared.usecases.simulation.cost import parts
from tests.unit.message.kit import APPOINTMENT, PERSON, POLICY, record

ROOT = Path(__file__).parents[3]
TEMPLATES = {path.stem: path for path in sorted((ROOT / "definitions/templates").glob("*.yaml"))}
BY_EMAIL = [name for name, path in TEMPLATES.items() if "\n  email:\n" in path.read_text("utf-8")]
"""Those that email carries: answers to an SMS go by SMS."""
JOURNEYS = sorted((ROOT / "definitions/journeys").glob("*.yaml"))
MOST_PARTS = {"en": 2, "es": 3}
GRADE = 8.0
DISCREET = re.compile(
    r"diabet|hba1c|a1c|insulin|pregnan|embaraz|baby|bebé|hypertens|hipertens|cancer|cáncer|colon|result|%",
    re.IGNORECASE,
)
"""What a text on a locked screen must not say; emails may."""


ASKED = {"text": "How are you?", "choices": "1 Well, 2 Not well", "number": "1"}
"""What a message that asks a question is told of it."""


@cache
def said(name: str, channel: str, language: str) -> Rendered:
    """Render a template for a patient who speaks the language."""
    person = replace(PERSON, languages=(f"{language}-US",))
    template = compile_template(parse_template(yaml.safe_load(TEMPLATES[name].read_text("utf-8")), name))
    scene = Scene(record(person), APPOINTMENT, "j|1", language, POLICY, values=ASKED)
    return render_message(template, channel, scene)


def carrying(name: str) -> tuple[str, ...]:
    """Return the channels of those looked at that a template has words for."""
    return ("sms", "email") if name in BY_EMAIL else ("sms",)


def grade(text: str) -> float:
    """Return the Flesch-Kincaid grade level (Kincaid et al. 1975); syllables are runs of vowels."""
    sentences = [part for part in re.split(r"[.!?:\n]+", text) if re.search("[a-z]", part)]
    words = re.findall(r"[A-Za-z']+", text)
    syllables = sum(max(len(re.findall(r"[aeiouy]+", word.lower().removesuffix("e"))), 1) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


@pytest.mark.parametrize("name", TEMPLATES)
class TestEveryTemplate:
    """What holds for the words of each of them."""

    @pytest.mark.parametrize("language", ["en", "es"])
    def test_a_text_is_short_and_discreet(self, name: str, language: str) -> None:
        text = said(name, "sms", language).text
        assert parts("sms", text) <= MOST_PARTS[language]
        assert DISCREET.findall(text) == []
        assert text.startswith("Riverside Clinic: ")

    def test_english_is_plain(self, name: str) -> None:
        assert all(grade(said(name, channel, "en").text) <= GRADE for channel in carrying(name))

    def test_spanish_says_usted(self, name: str) -> None:
        words = " ".join(said(name, channel, "es").text for channel in carrying(name))
        assert re.findall(r"\b(?:tu|tus|tú|te|ti|contigo|eres|tienes|puedes)\b", words, re.IGNORECASE) == []


@pytest.mark.parametrize("name", BY_EMAIL)
class TestEveryEmail:
    """What holds for the words of each."""

    @pytest.mark.parametrize("language", ["en", "es"])
    def test_its_subject_is_discreet(self, name: str, language: str) -> None:
        assert DISCREET.findall(said(name, "email", language).subject) == []

    @pytest.mark.parametrize("language", ["en", "es"])
    def test_it_says_how_to_be_heard(self, name: str, language: str) -> None:
        text = said(name, "email", language).text
        assert ("We do not see answers" if language == "en" else "No vemos las respuestas") in text
        assert POLICY.phone in text


@pytest.mark.parametrize("path", JOURNEYS, ids=lambda path: path.stem)
def test_the_first_text_of_a_journey_says_how_to_stop(path: Path) -> None:
    first = re.search(r"templates/([\w-]+)", path.read_text("utf-8"))
    assert first is not None
    assert "Reply STOP" in said(first[1], "sms", "en").text
    assert "Responda ALTO" in said(first[1], "sms", "es").text
