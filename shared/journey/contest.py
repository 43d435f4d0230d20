"""Contest: which way of a split has reached the journey's goal most often, and whether that is beyond chance.

It is looked at only when the numbers have doubled, each time with half of the error that is left: who looks
again and again at five per cent finds a difference where there is none (alpha spending,
https://en.wikipedia.org/wiki/Sequential_analysis#Alpha_spending_functions). Used by shared.usecases.winners.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, log2, sqrt
from statistics import NormalDist

from msgspec import Struct

from shared.fhir.instants import Instant

ERROR = 0.05
"""How likely it may be, over all looks, that equal ways are called different."""


class Score(Struct, frozen=True):
    """How many have gone a way, and how many of them have reached the goal."""

    entered: int = 0
    goals: int = 0

    @property
    def rate(self) -> float:
        """Return the share that reached the goal."""
        return self.goals / self.entered if self.entered else 0.0

    def plus(self, *, goal: bool) -> Score:
        """Count one more."""
        return Score(self.entered + 1, self.goals + goal)


class Contest(Struct, frozen=True):
    """A split whose winner everybody is to follow."""

    step: str
    ways: tuple[str, ...]
    """Those that can win, in the order of the document."""
    after: int | None = None
    at: Instant | None = None

    def stage(self, scores: Mapping[str, Score]) -> int:
        """Return how often the numbers have doubled since there were enough; -1 while there are not."""
        least = min(scores.get(way, Score()).entered for way in self.ways)
        if self.after is None or least < self.after:
            return -1
        return floor(log2(least / self.after))

    def winner(self, scores: Mapping[str, Score], seen: int, now: Instant) -> str:
        """Return the way that has won, or ""; `seen` is the last stage that was looked at."""
        best = max(self.ways, key=lambda way: scores.get(way, Score()).rate)
        if self.at is not None and now >= self.at:
            return best if any(scores.get(way, Score()).entered for way in self.ways) else ""
        stage = self.stage(scores)
        if stage <= seen:
            return ""
        others = [way for way in self.ways if way != best]
        error = ERROR / 2 ** (stage + 1) / len(others)
        return best if all(_differ(scores[best], scores[way], error) for way in others) else ""


def _differ(one: Score, other: Score, error: float) -> bool:
    """Say whether two shares differ beyond chance: the two-proportion z-test, pooled, two-sided."""
    pooled = (one.goals + other.goals) / (one.entered + other.entered)
    spread = sqrt(pooled * (1 - pooled) * (1 / one.entered + 1 / other.entered))
    if spread == 0:
        return False
    z = abs(one.rate - other.rate) / spread
    return 2 * (1 - NormalDist().cdf(z)) < error
