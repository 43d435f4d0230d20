"""Understand: what a reply means, asked of every language; whether it says more than that.

A patient's reply → *meaning* → opt-outs (shared.message.consent), answers to questions (shared.journey),
or a Task for staff. What is not plainly one thing is unclear, and read by a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from msgspec import Struct

from shared.message.understanding.english import ENGLISH
from shared.message.understanding.german import GERMAN
from shared.message.understanding.language import Language, Meaning
from shared.message.understanding.plain import LONGEST, clauses, plain
from shared.message.understanding.spanish import SPANISH

ALWAYS_STOP = frozenset(
    {"stop", "stop all", "stopall", "end", "cancel", "quit", "unsubscribe", "revoke", "opt out", "optout"}
)
"""What is stop in whichever language, and nothing else (47 CFR 64.1200(a)(10))."""

EVERYWHERE = frozenset(
    {
        *("stop all", "stopall", "unsubscribe all", "cancel all", "end all", "stop everything"),
        *("parar todo", "cancelar todo", "alles stoppen", "alle stoppen", "stopp alle"),
    }
)
"""Stop, and by every channel."""

_OF_CHANNEL = {
    **dict.fromkeys(("email", "emails", "emailing", "mails", "correo", "correos"), "email"),
    **dict.fromkeys(("letter", "letters", "carta", "cartas", "brief", "briefe", "briefen"), "letter"),
}
"""Words by which a stop names another channel than the one it comes by…"""

_OF_ANY = re.compile(r"\b(?:te?xts?|texting|sms|messag|msg|mensaj|nachricht|everything|todo|alles)")
"""…unless it names messages altogether."""

_STOP_AMID = frozenset({"stop", "stop all", "stopall", "unsubscribe", "opt out", "optout", "stopp", "alto"})
"""Words that are stop also as one clause among others: "stop, and call me"."""

_CHOSEN = re.compile(r"(\d{1,6}(?:[.,]\d{1,4})?)(?:\s*(?:/|out of|de|von)\s*\d{1,4})?", re.IGNORECASE)
_AROUND = re.compile(r"^(?:(?![-+]\d)[\W_])+|[\W_]+$")


class Understood(Struct, frozen=True):
    """What a reply means."""

    meaning: Meaning
    language: str = ""
    """In which it is written ("en"), where just one of those shipped has it."""
    number: float | None = None
    """Of the meaning "number"."""
    everywhere: bool = False
    """Of the meaning "stop": by every channel."""
    channel: str = ""
    """Of the meaning "stop": the channel that it names, where it is another than it comes by perhaps."""
    more: bool = False
    """It says something else too, for staff to read."""


UNCLEAR = Understood("unclear")


def understand(text: str, languages: Iterable[str] = ()) -> Understood:
    """Return what a reply means; `languages` are the person's, preferred first, and break ties.

    A wish to stop in any language comes before all else, as does what just negates it. Never raises.
    """
    words = plain(text)
    if not words:
        return UNCLEAR
    asked = _in_order(tuple(languages))
    found = [(language, meaning) for language in asked if (meaning := _means(language, words))]
    if any(meaning == "stop" for _, meaning in found) or _stops_amid(text, words, asked):
        return _stop(text, words, asked, [lang.code for lang, meaning in found if meaning == "stop"])
    number = _number(text, words, asked)
    if number is not None:
        return Understood("number", number=number)
    if not found:
        return UNCLEAR
    meaning = found[0][1]
    codes = {language.code for language, same in found if same == meaning}
    return Understood(meaning, next(iter(codes)) if len(codes) == 1 else "")


@cache
def _languages() -> tuple[Language, ...]:
    return tuple(Language(words) for words in (ENGLISH, SPANISH, GERMAN))


@cache
def _in_order(preferred: tuple[str, ...]) -> Sequence[Language]:
    """Return every language, the preferred first."""
    codes = [tag.split("-")[0].lower() for tag in preferred]
    shipped = _languages()
    return sorted(shipped, key=lambda each: codes.index(each.code) if each.code in codes else len(codes))


def _means(language: Language, words: str) -> Meaning | None:
    return "stop" if language.bare(words) in ALWAYS_STOP else language.meaning(words)


def _stops_amid(text: str, words: str, asked: Sequence[Language]) -> bool:
    if any(language.is_negated(words) for language in asked):
        return False
    return any(language.bare(part) in _STOP_AMID for part in clauses(text) for language in asked)


def _stop(text: str, words: str, asked: Sequence[Language], codes: list[str]) -> Understood:
    bare = {language.bare(words) for language in asked}
    plainly = bool(bare & (ALWAYS_STOP | EVERYWHERE))
    more = not plainly and any(not _is_part_of_stop(part, asked) for part in clauses(text))
    everywhere = bool(bare & EVERYWHERE) or any(
        language.bare(part) in EVERYWHERE for part in clauses(text) for language in asked
    )
    return Understood(
        "stop",
        codes[0] if len(codes) == 1 and not bare & ALWAYS_STOP else "",
        everywhere=everywhere,
        channel="" if plainly else _named(words),
        more=more,
    )


def _named(words: str) -> str:
    named = {_OF_CHANNEL[word] for word in words.split() if word in _OF_CHANNEL}
    return next(iter(named)) if len(named) == 1 and not _OF_ANY.search(words) else ""


def _is_part_of_stop(part: str, asked: Sequence[Language]) -> bool:
    return any(
        language.is_courtesy(part) or _means(language, part) in ("stop", "thanks", "no") for language in asked
    )


def _number(text: str, words: str, asked: Sequence[Language]) -> float | None:
    digits = _CHOSEN.fullmatch(_AROUND.sub("", text[:LONGEST]))
    if digits is not None:
        return float(digits[1].replace(",", "."))
    for language in asked:
        rest = language.bare(words)
        alone = rest.split()[-1] if rest else ""
        if alone.isdecimal() and len(alone) <= 6 and language.is_number_word(rest.rpartition(" ")[0]):
            return float(alone)
        number = language.number(words)
        if number is not None:
            return number
    return None
