"""The words of one question by text message: what is asked, what may be answered, in every language at once.

A message's language is chosen when it is planned, so a question goes along in all that it is written in:
see shared.fhir.wording. Templates read `question.title`, `question.text` and `question.choices`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from shared.fhir.wording import Wording, spread, worded
from shared.journey.survey.answering import numbered
from shared.journey.survey.questionnaire import NUMBERS, Item, Questionnaire, Shown

_YES_NO: Mapping[str, tuple[str, str]] = {"": ("Yes", "No"), "es": ("Sí", "No"), "de": ("Ja", "Nein")}
_SAID: Mapping[str, Mapping[str, str]] = {
    "choose": {
        "": "Reply with the number of your answer.",
        "es": "Responda con el número de su respuesta.",
        "de": "Antworten Sie mit der Nummer Ihrer Antwort.",
    },
    "between": {
        "": "Reply with a number from {0} to {1}.",
        "es": "Responda con un número del {0} al {1}.",
        "de": "Antworten Sie mit einer Zahl von {0} bis {1}.",
    },
    "number": {
        "": "Reply with a number.",
        "es": "Responda con un número.",
        "de": "Antworten Sie mit einer Zahl.",
    },
    "words": {
        "": "Reply in your own words.",
        "es": "Responda con sus propias palabras.",
        "de": "Antworten Sie mit eigenen Worten.",
    },
    "again": {
        "": "Sorry, we did not understand your answer.",
        "es": "Disculpe, no hemos entendido su respuesta.",
        "de": "Entschuldigung, wir haben Ihre Antwort nicht verstanden.",
    },
    "reminder": {
        "": "You have not answered yet:",
        "es": "Aún no ha respondido:",
        "de": "Sie haben noch nicht geantwortet:",
    },
    "pass": {
        "": "Reply SKIP to leave it out.",
        "es": "Responda OMITIR para pasar a la siguiente.",
        "de": "Antworten Sie WEITER, um sie auszulassen.",
    },
}


type Turn = Literal["", "again", "reminder"]
"""A question is asked for the first time, again as its answer was not understood, or once more."""


def question_values(
    questionnaire: Questionnaire, asked: Shown, spoken: tuple[str, ...], turn: Turn = ""
) -> dict[str, str]:
    """Return what the words of a question's message are told; see Message.values.

    Plain names are in the best language for somebody who speaks `spoken`, "text@es" in the one named.
    """
    tags = ("", *questionnaire.languages)
    wordings: dict[str, Wording] = {
        "title": questionnaire.title,
        "text": {tag: _text(asked, tag, turn) for tag in tags},
        "choices": {tag: _choices(asked.item, tag) for tag in tags},
    }
    values = {key: text for name, wording in wordings.items() for key, text in spread(name, wording).items()}
    return values | {name: worded(wording, *spoken) for name, wording in wordings.items()}


def yes_no(language: str) -> tuple[str, str]:
    """Return how yes and no are said."""
    return _YES_NO.get(language.partition("-")[0], _YES_NO[""])


def _text(asked: Shown, language: str, turn: Turn) -> str:
    heading = (asked.group,) if asked.opens and asked.group is not None else ()
    shown = (asked.item,) if turn else (*heading, *asked.before, asked.item)
    lines = [_say(turn, language)] if turn else []
    return "\n".join(filter(None, (*lines, *(worded(item.wording, language) for item in shown))))


def _choices(item: Item, language: str) -> str:
    """List what may be answered, and say how."""
    listed = numbered(item) if item.kind in ("choice", "boolean") else ()
    lines = [_choice(number, _named(item, code, language)) for number, code in listed]
    return "\n".join([*lines, _hint(item, language)])


def _choice(number: str, words: str) -> str:
    return number if words == number else f"{number} {words}"


def _named(item: Item, code: str, language: str) -> str:
    if item.kind == "boolean":
        return yes_no(language)[code == "false"]
    option = item.option(code)
    return worded(option.wording, language) if option is not None else ""


def _hint(item: Item, language: str) -> str:
    said = [_say(_kind(item), language).format(_bound(item.lowest), _bound(item.highest))]
    return " ".join([*said, *([] if item.required else [_say("pass", language)])])


def _kind(item: Item) -> str:
    if item.kind in NUMBERS:
        return "number" if item.lowest is None or item.highest is None else "between"
    return "choose" if item.kind in ("choice", "boolean") else "words"


def _say(what: str, language: str) -> str:
    return _SAID[what].get(language.partition("-")[0], _SAID[what][""])


def _bound(value: float | None) -> str:
    return f"{value or 0:g}"
