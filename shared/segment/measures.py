"""How much the facts found amount to together: days covered, time in all."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt

from shared.authoring import Authored
from shared.segment.bound import LengthText
from shared.segment.window import AnyWindow


class CoveredDays(Authored):
    """On how many different days, in the definition's zone, at least one of them goes on."""

    at_least: Annotated[StrictInt, Field(ge=1, le=100_000)]
    within: AnyWindow | None = None
    """Only days in this window count; without it, days up to now."""


class TotalTime(Authored):
    """How long they last together, time in which several go on counted once."""

    at_least: LengthText
    """An exact length: days are 24 hours; months and years are none."""
    within: AnyWindow | None = None
    """Only time in this window counts; without it, time up to now."""
