"""Answering: what somebody typed or chose, taken as an answer to a question, or as none.

`accepted` takes what a page or another system sends, in codes; `parse_answer` what a person writes by SMS.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from shared.fhir.wording import worded
from shared.journey.answers import number_in, plain
from shared.journey.survey.questionnaire import NUMBERS, Answers, Item, Questionnaire, relevant, shown

_YES = frozenset(
    {"yes", "y", "yeah", "yep", "yup", "sure", "true", "si", "s", "claro", "sip", "ja", "j", "jo", "jawohl"}
)
_NO = frozenset({"no", "n", "nope", "nah", "not", "false", "nada", "para nada", "nein", "nee", "ne"})
_PASSES = frozenset(
    {
        "skip",
        "pass",
        "next",
        "omitir",
        "saltar",
        "paso",
        "siguiente",
        "weiter",
        "uberspringen",
        "keine angabe",
    }
)
"""Words by which a question is passed over that need not be answered."""
_DECLINES = frozenset(
    {
        *(
            "no",
            "nope",
            "not now",
            "no thank you",
            "not interested",
            "rather not",
            "i d rather not",
            "leave me",
        ),
        *("ahora no", "no quiero", "no me interesa", "prefiero no", "mejor no"),
        *("nein", "jetzt nicht", "kein interesse", "lieber nicht", "keine lust", "nein danke", "danke nein"),
    }
)
"""Words by which somebody says that they would rather not be asked, where they are no answer."""
_COUNTED: Mapping[str, int] = {
    word: n
    for words in (
        "zero one two three four five six seven eight nine ten",
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez",
        "null eins zwei drei vier funf sechs sieben acht neun zehn",
    )
    for n, word in enumerate(words.split())
}
_ASIDE = frozenset(
    {"a", "an", "about", "option", "number", "answer", "it", "is", "i", "say", "opcion", "numero", "el", "la"}
    | {"un", "una", "es", "respuesta", "antwort", "nummer", "die", "eine", "ein", "ich", "sage"}
)
"""Words that may stand beside the number of an answer."""
_OUT_OF = re.compile(r"^\D*(\d+)\s*/\s*\d+\D*$")
_BELOW = re.compile("\\s*(?:[-\u2212\u2013]|minus|menos)\\s*\\d", re.IGNORECASE)
"""Begins a number below zero."""
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,6})?", re.ASCII)


def accepted(item: Item, given: str) -> str | None:
    """Return an answer in the form that it is kept in; None for what is no answer to this question."""
    text = given.strip()
    match item.kind:
        case "choice":
            return text if item.option(text) is not None else None
        case "boolean":
            return text if text in ("true", "false") else None
        case "integer" | "decimal":
            return _number(item, text)
        case "string" | "text":
            return _clean(text)[: item.most].strip() or None
        case _:
            return None


def taken(questionnaire: Questionnaire, given: Answers) -> dict[str, str]:
    """Return what of the answers to a whole questionnaire is one, as they are kept."""
    found = ((item, accepted(item, given.get(item.link_id, ""))) for item in questionnaire.questions)
    return relevant(questionnaire, {item.link_id: answer for item, answer in found if answer is not None})


def missing(questionnaire: Questionnaire, answers: Answers) -> list[Item]:
    """Return the questions that must be answered and are not."""
    asked = (each.item for each in shown(questionnaire, answers))
    return [item for item in asked if item.required and not answers.get(item.link_id)]


def parse_answer(item: Item, text: str, *languages: str) -> str | None:
    """Return what a reply answers, "" where it passes a question over; None for what is no answer.

    The words of `languages` come before those of others: a reply is understood in any of them.
    """
    if not text.strip():
        return None
    if item.kind in ("string", "text"):
        passes = not item.required and plain(text) in _PASSES
        return "" if passes else accepted(item, text)
    found = _parse(item, text, languages)
    if found is None and not item.required and plain(text) in _PASSES:
        return ""
    return found


def declines(text: str) -> bool:
    """Say whether a reply that is no answer says that its writer would rather not be asked."""
    return plain(text) in _DECLINES or _words(text) in _DECLINES


def numbered(item: Item) -> list[tuple[str, str]]:
    """Return the answers to choose, as (the number to reply with, code).

    Where all codes are numbers themselves, they are the numbers; else options are counted from 1.
    """
    if item.kind == "boolean":
        return [("1", "true"), ("2", "false")]
    codes = [option.code for option in item.options]
    if all(code.isascii() and code.isdigit() for code in codes):
        return [(str(int(code)), code) for code in codes]
    return [(str(n), code) for n, code in enumerate(codes, 1)]


def _parse(item: Item, text: str, languages: tuple[str, ...]) -> str | None:
    if item.kind in NUMBERS:
        found = number_in(text)
        if found is not None and (item.lowest is None or item.lowest < 0) and _BELOW.match(text):
            found = -found
        if found is None and (counted := _COUNTED.get(plain(text))) is not None:
            found = float(counted)
        return None if found is None else _number(item, f"{found:f}" if found % 1 else f"{found:.0f}")
    said = plain(text)
    if item.kind == "boolean" and (said in _YES) != (said in _NO):
        return "true" if said in _YES else "false"
    named = _named(item, said, languages)
    if named is not None:
        return named
    return _chosen(item, text)


def _named(item: Item, said: str, languages: tuple[str, ...]) -> str | None:
    """Find the option that a reply names, in the languages of who wrote it before all others.

    Where one option is yes, or no, all that means as much names it.
    """
    for option in item.options:
        if any(plain(worded(option.wording, language)) == said for language in languages):
            return option.code
    meant = next((words for words in (_YES, _NO) if said in words), frozenset({said}))
    found = {o.code for o in item.options if meant & {plain(o.code), *map(plain, o.wording.values())}}
    return found.pop() if len(found) == 1 else None


def _chosen(item: Item, text: str) -> str | None:
    """Find the option whose number a reply says, beside nothing that says something else."""
    by_number = dict(numbered(item))
    out_of = _OUT_OF.match(text)
    words = [out_of[1]] if out_of else plain(text).split()
    numbers = [word for word in words if (word.isascii() and word.isdigit()) or word in _COUNTED]
    if len(numbers) != 1:
        return None
    number = str(_COUNTED.get(numbers[0], numbers[0])).lstrip("0") or "0"
    code = by_number.get(number)
    rest = [word for word in words if word not in numbers]
    if code is None:
        return None
    return code if set(rest) <= _ASIDE or " ".join(rest) in _wordings(item, code) else None


def _wordings(item: Item, code: str) -> Iterator[str]:
    option = item.option(code)
    yield from (plain(text) for text in option.wording.values()) if option is not None else ()


def _number(item: Item, text: str) -> str | None:
    """Return a number as it is kept, without idle noughts; None outside the bounds of the question."""
    if not _NUMBER.fullmatch(text.replace(",", ".", 1)):
        return None
    value = float(text.replace(",", ".", 1))
    if item.kind == "integer" and value % 1:
        return None
    below = item.lowest is not None and value < item.lowest
    above = item.highest is not None and value > item.highest
    if below or above:
        return None
    return f"{value + 0.0:.0f}" if not value % 1 else f"{value:.6f}".rstrip("0")


def _clean(text: str) -> str:
    """Leave out what is no character of a text in FHIR (https://hl7.org/fhir/R4/datatypes.html#string)."""
    return "".join(each for each in text if each in "\n\t" or unicodedata.category(each)[0] != "C")


def _words(text: str) -> str:
    """Return a reply without case, accents and punctuation, courtesies left in."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = (each if each.isalnum() else " " for each in decomposed if not unicodedata.combining(each))
    return " ".join("".join(kept).split())
