"""Answer: what a patient's reply must say; a reply that is not plainly one of the answers is none of them.

Of words only the whole reply counts ("yes, but I cannot come" is no yes), without its courtesies and
punctuation. What a reply means, in whichever language, comes with it from shared.message.understanding.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, Self

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


type Meaning = Literal["yes", "no", "confirm", "cancel", "reschedule"]

_COVERS: Mapping[Meaning, frozenset[str]] = MappingProxyType(
    {
        "yes": frozenset({"yes"}),
        "no": frozenset({"no"}),
        "confirm": frozenset({"confirm", "yes"}),
        "cancel": frozenset({"cancel"}),
        "reschedule": frozenset({"reschedule"}),
    }
)
"""Who says yes to "do you come?" confirms; who says no has not asked for anything to be cancelled."""


class Answer(Authored):
    """What the reply says: words and what it means, which are one, or one of the others."""

    words: tuple[str, ...] = ()
    """It is one of these words or phrases; upper case, accents and punctuation do not matter."""
    means: tuple[Meaning, ...] = ()
    """It says one of these, in any language that is understood: "I can't make it" is cancel."""
    number: Number | None = None
    """It is a number."""
    any: bool = Field(default=False)
    """It is anything at all that says something; STOP and START are never answers."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (bool(self.words or self.means) + (self.number is not None) + self.any) != 1:
            raise ValueError("needs exactly one of words or means, number and any: true")
        if any(not plain(word) for word in self.words):
            raise ValueError("a word needs a letter or a digit in it")
        return self

    def fits(self, text: str, meaning: str = "") -> str:
        """Return why a reply is this answer, or ""; other words of the patient are not repeated."""
        if self.any:
            return "answered" if text.strip() else ""  # STOP and START come without their words
        if self.number is not None:
            found = number_in(text)
            return f"answered {found:g}" if found is not None and self._within(found) else ""
        said = plain(text)
        spoken = next((f"answered {word}" for word in self.words if plain(word) == said), "")
        meant = any(meaning in _COVERS[each] for each in self.means)
        return spoken or (f"answered, which means {meaning}" if meant else "")

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
