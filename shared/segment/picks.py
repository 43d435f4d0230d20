"""Which of the facts found decide: `which`, one choice after the other.

Ties: of facts with the same start (or end), the latest is the one updated last, then the greater id; the
earliest is the one updated last too, then the lesser id. What has no date is neither, unless there is nothing
else. Of equal values, the highest and the lowest are the latest of them. What has no number in the unit is
neither highest nor lowest, ever. A day is a day in the definition's zone, of the end, else of the start.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StrictInt, model_validator

from shared.authoring import Authored
from shared.segment.codes import Token

type PickWord = Literal[
    "latest", "earliest", "latest_end", "earliest_end", "latest_day", "earliest_day", "highest", "lowest"
]
type Many = Annotated[StrictInt, Field(ge=1, le=1000)]


class Pick(Authored):
    """One choice: the word, and what it needs."""

    latest: Many | None = None
    """So many of the latest by start."""
    earliest: Many | None = None
    latest_end: Many | None = None
    earliest_end: Many | None = None
    latest_day: Many | None = None
    """All of so many of the latest days that have any."""
    earliest_day: Many | None = None
    highest: Literal["value"] | Token | None = None
    """By the resource's value, or by that of its component with this code."""
    lowest: Literal["value"] | Token | None = None
    unit: str | None = None
    """UCUM unit in which values are compared; "1" for none."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set - {"unit"}) != 1:
            raise ValueError("is one choice: latest, earliest, latest_day, highest, lowest…")
        if bool(self.highest or self.lowest) != bool(self.unit):
            raise ValueError("needs a unit for highest and lowest, and only for them")
        return self

    @property
    def word(self) -> str:
        """Return the word."""
        return next(iter(self.model_fields_set - {"unit"}))

    @property
    def count(self) -> int:
        """Return how many are chosen."""
        found = getattr(self, self.word)
        return found if isinstance(found, int) else 1


class Picks(Authored):
    """The choices in order."""

    steps: tuple[Pick, ...]

    @property
    def plain(self) -> bool:
        """Say whether it is just the latest or just the earliest one."""
        (first, *more) = self.steps
        return not more and first.word in ("latest", "earliest") and first.count == 1

    @property
    def most(self) -> int | None:
        """Return how many resources are left at most; None for any number on some days."""
        counts = [pick.count for pick in self.steps if not pick.word.endswith("_day")]
        return min(counts, default=None)

    @property
    def first(self) -> str:
        """Return the first word."""
        return self.steps[0].word


def _pick(value: object) -> object:
    return {value: 1} if isinstance(value, str) and value not in ("highest", "lowest") else value


def _picks(value: object) -> object:
    if isinstance(value, Picks | type(None)):
        return value
    listed = value if isinstance(value, list | tuple) else [value]
    return {"steps": tuple(_pick(item) for item in listed)}


type AnyPicks = Annotated[
    Picks, BeforeValidator(_picks, json_schema_input_type=PickWord | Pick | list[PickWord | Pick])
]
