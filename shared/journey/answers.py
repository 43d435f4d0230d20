"""Answer: what a patient's reply must say; a reply that is not plainly one of the answers is none of them.

Only the whole reply counts ("yes, but I cannot come" is no yes), without its courtesies and punctuation.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Self

from pydantic import Field, model_validator

from shared.authoring import Authored

_COURTESIES = frozenset({"please", "thanks", "thank", "you", "thx", "gracias", "por", "favor", "muchas"})
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_OUT_OF = re.compile(r"(\d+(?:[.,]\d+)?)\s*/\s*\d+")


class Number(Authored):
    """The reply holds one number, within these bounds; "7/10" is 7."""

    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least is more than at_most: no number fits")
        return self


class Answer(Authored):
    """What the reply says; exactly one of these."""

    words: tuple[str, ...] = ()
    """It is one of these words or phrases; upper case, accents and punctuation do not matter."""
    number: Number | None = None
    """It is a number."""
    any: bool = Field(default=False)
    """It is anything at all that says something; STOP and START are never answers."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (bool(self.words) + (self.number is not None) + self.any) != 1:
            raise ValueError("needs exactly one of words, number and any: true")
        if any(not plain(word) for word in self.words):
            raise ValueError("a word needs a letter or a digit in it")
        return self

    def fits(self, text: str) -> str:
        """Return why a reply is this answer, or ""; other words of the patient are not repeated."""
        if self.any:
            return "answered" if text.strip() else ""  # STOP and START come without their words
        if self.number is not None:
            found = number_in(text)
            return f"answered {found:g}" if found is not None and self._within(found) else ""
        said = plain(text)
        return next((f"answered {word}" for word in self.words if plain(word) == said), "")

    def _within(self, found: float) -> bool:
        assert self.number is not None
        low, high = self.number.at_least, self.number.at_most
        return (low is None or found >= low) and (high is None or found <= high)


def plain(text: str) -> str:
    """Return a reply without case, accents, punctuation, symbols and courtesies."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(
        each if each.isalnum() else " " for each in decomposed if not unicodedata.combining(each)
    )
    words = letters.split()
    kept = [word for word in words if word not in _COURTESIES]
    return " ".join(kept or words)


def number_in(text: str) -> float | None:
    """Return the one number in a reply; None where there is none, or more than one."""
    reduced = _OUT_OF.sub(r"\1", unicodedata.normalize("NFKC", text))
    found = _NUMBER.findall(reduced)
    return float(found[0].replace(",", ".")) if len(found) == 1 else None
