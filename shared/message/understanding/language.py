"""Language: the words by which people of one language say what they mean, as data, and how they are found.

A file of its own for each language; shared.message.understanding.understand asks them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

from msgspec import Struct

from shared.message.understanding.plain import plain

type Meaning = Literal[
    "stop",
    "start",
    "help",
    "who",
    "yes",
    "no",
    "confirm",
    "cancel",
    "reschedule",
    "wrong-person",
    "number",
    "thanks",
    "unclear",
]
"""`cancel` and `reschedule` are about an appointment, `stop` about messages; `who` asks who we are."""


class Words(Struct, frozen=True):
    """How one language says it."""

    code: str
    """BCP 47, "en"."""
    phrases: Mapping[Meaning, str]
    """Whole replies, with commas between them."""
    patterns: Mapping[Meaning, tuple[str, ...]]
    """What may stand within a reply: regular expressions over plain text, of whole words."""
    negated: tuple[str, ...]
    """Patterns that say that just this is not wanted: "don't stop", "don't cancel it"."""
    courtesies: str
    """Words that a reply may have beside what it says."""
    numbers: str
    """The words of 0, 1, 2, …; of several spellings "uno|una"."""
    number_words: str
    """What may stand before a number: "option 2"."""
    fold: Callable[[str], str] = str


class Language:
    """A language ready to be asked."""

    def __init__(self, words: Words) -> None:
        self.code = words.code
        self._fold = words.fold
        self._courtesies = frozenset(self._plain(word) for word in words.courtesies.split())
        self._phrases = {
            self.bare(self._plain(phrase)): meaning
            for meaning, phrases in words.phrases.items()
            for phrase in phrases.split(",")
        }
        self._patterns = {meaning: _any_of(each) for meaning, each in words.patterns.items()}
        self._negated = _any_of(words.negated)
        self._numbers = {
            self._plain(word): float(value)
            for value, spellings in enumerate(words.numbers.split())
            for word in spellings.split("|")
        }
        self._before_numbers = frozenset(self._plain(word) for word in words.number_words.split())

    def _plain(self, text: str) -> str:
        return self._fold(plain(text))

    def bare(self, words: str) -> str:
        """Return plain words without courtesies; they themselves where there is nothing else."""
        kept = [word for word in self._fold(words).split() if word not in self._courtesies]
        return " ".join(kept) or self._fold(words)

    def meaning(self, words: str) -> Meaning | None:
        """Return what plain words mean, as a whole or by something in them; None where this cannot tell."""
        found = self._phrases.get(self.bare(words)) or self._phrases.get(self._fold(words))
        if found is not None:
            return found
        folded = self._fold(words)
        if self._negated.search(folded):
            return None
        within = [meaning for meaning, pattern in self._patterns.items() if pattern.search(folded)]
        return self._settled(within, folded)

    def is_negated(self, words: str) -> bool:
        """Say whether plain words say that something is just not wanted."""
        return self._negated.search(self._fold(words)) is not None

    def is_courtesy(self, words: str) -> bool:
        """Say whether plain words are nothing but courtesies."""
        return all(word in self._courtesies for word in self._fold(words).split())

    def number(self, words: str) -> float | None:
        """Return the number that plain words are, "option two" being 2."""
        rest = [word for word in self.bare(words).split() if word not in self._before_numbers]
        return self._numbers.get(rest[0]) if len(rest) == 1 else None

    def is_number_word(self, words: str) -> bool:
        """Say whether these may stand before a number; nothing may."""
        return all(word in self._before_numbers for word in words.split())

    def _settled(self, within: list[Meaning], folded: str) -> Meaning | None:
        """Choose where a reply says several things: who cannot come then asks for another time."""
        if not within:
            return None
        first, _, rest = folded.partition(" ")
        if rest and self._phrases.get(first) == "yes" and within[0] in ("cancel", "no"):
            return None  # "yes, but I cannot come"
        if "start" in within and "stop" in within:
            return None
        return within[0]


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b" if patterns else r"(?!)")
