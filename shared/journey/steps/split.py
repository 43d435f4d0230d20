"""The step that sends people different ways by chance: an A/B test, a holdout, a slow start.

Chance is a digest of the enrolment and the step: the same enrolment goes the same way whenever it is asked,
in a dry run too. Example: {id: which, kind: split, ways: [{name: short, weight: 45, next: short},
{name: long, weight: 45, next: long}, {name: holdout, weight: 10, next: later}], winner: {after: 200}}
"""

from __future__ import annotations

from hashlib import blake2b
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.authoring import Authored
from shared.journey.due import ExactInstant
from shared.journey.steps.base import CompiledStep, Goes, Outcome, Setting, Standing, StepId, StepModel

HOLDOUT = "holdout"
"""A way of this name is never a winner: it is what the others are compared with."""
_WHOLE = 1 << 64


class Way(Authored):
    """One way to go."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    """Results are counted under it; "holdout" is the way of those who are left alone, to compare with."""
    weight: float = Field(gt=0, le=1_000_000)
    """Its share, against the sum of all."""
    next: StepId


class Winner(Authored):
    """When everybody begins to take the way that reached the journey's goal most often; at least one."""

    after: int | None = Field(default=None, ge=20)
    """Once so many have gone each way, the holdout aside, and the difference is beyond chance (95 %)."""
    at: ExactInstant | None = None
    """At this instant, whatever the difference."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.after is None and self.at is None:
            raise ValueError("needs after or at")
        return self


class SplitStep(StepModel):
    """Go one of several ways, by chance."""

    kind: Literal["split"]
    ways: tuple[Way, ...] = Field(min_length=2)
    winner: Winner | None = None
    """Needs the journey to have a goal."""
    falls_through: ClassVar[bool] = False

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({way.name for way in self.ways}) < len(self.ways):
            raise ValueError("two ways have the same name")
        if self.winner is not None and sum(way.name != HOLDOUT for way in self.ways) < 2:
            raise ValueError("a winner needs two ways beside the holdout")
        return self

    def mentions(self) -> dict[str, str]:
        """Return the step ids that it names, by field path."""
        return {f"ways[{n}].next": way.next for n, way in enumerate(self.ways)}

    def summary(self) -> str:
        """Say what it does."""
        whole = sum(way.weight for way in self.ways)
        return "Split: " + ", ".join(f"{way.name} {way.weight / whole:.0%}" for way in self.ways)

    def onward(self, following: str) -> frozenset[str]:
        """Return every way it can go."""
        return frozenset(way.next for way in self.ways)

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""
        won = next((way for way in self.ways if way.name == setting.winner), None)

        def run(standing: Standing) -> Outcome:
            if won is not None:
                return Goes(won.next, f"goes {won.name}, which has won", result=won.name)
            way = self._by_chance(standing.enrolment.enrolment_id)
            return Goes(way.next, f"goes {way.name}", result=way.name)

        return CompiledStep(self.id, self.kind, run)

    def _by_chance(self, enrolment_id: str) -> Way:
        digest = blake2b(f"{enrolment_id}\x1f{self.id}".encode(), digest_size=8).digest()
        left = int.from_bytes(digest) / _WHOLE * sum(way.weight for way in self.ways)
        for way in self.ways:
            left -= way.weight
            if left < 0:
                return way
        return self.ways[-1]
