"""What an element of a resource must be that has no word of its own: words, codes, or that it is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Self

from pydantic import BeforeValidator, StrictBool, model_validator

from shared.segment.coded import Coded
from shared.segment.codes import Words, matcher
from shared.segment.criterion import Context


def element_name(word: str) -> str:
    """Return the name by which facts carry an element that authors write with underscores."""
    return word.replace("_", "-")


type Judged = Callable[[tuple[str, ...]], bool]


class ElementPattern(Coded):
    """One of these holds of what the element carries; text stands for part of it."""

    is_: Words | None = None
    """Bare codes or words in any system, tokens "system|code", or references, exactly."""
    exists: StrictBool | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if sum(map(bool, (self.chooses, self.is_, self.exists is not None))) != 1:
            raise ValueError("give words, or code, valueset or text, or exists")
        return self

    def judge(self, context: Context) -> Judged:
        """Compile to a test of what the element carries, () for nothing."""
        if self.exists is not None:
            there = self.exists
            return lambda found: bool(found) is there
        if self.is_:
            return matcher(self.is_)
        tokens, texts = self.tokens(context), self.texts

        def holds(found: tuple[str, ...]) -> bool:
            return not tokens.isdisjoint(found) or any(
                text in word.lower() for text in texts for word in found
            )

        return holds


def _element(value: object) -> object:
    """Let a word or a list of words stand for the pattern that they make."""
    return {"is_": value} if isinstance(value, str | list) else value


type AnyElement = Annotated[
    ElementPattern, BeforeValidator(_element, json_schema_input_type=ElementPattern | str | list[str])
]
