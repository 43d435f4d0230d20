"""A queue of very many messages, first in first out: those of one step of time stand in it as one cohort."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping


class Line:
    """Cohorts of messages, each with the second at which its change happened."""

    def __init__(self) -> None:
        self._cohorts: deque[list[int]] = deque()
        self.waiting = 0
        self.arrived = 0
        self.done = 0
        self.last = 0
        """How many left in the latest step."""
        self.left = 0
        """How many could have, and did not."""

    def add(self, since: int, number: int) -> None:
        """Let messages join; `since` is never before that of those who stand there already."""
        if number <= 0:
            return
        self.arrived += number
        self.waiting += number
        if self._cohorts and self._cohorts[-1][0] == since:
            self._cohorts[-1][1] += number
        else:
            self._cohorts.append([since, number])

    def take(self, number: int) -> list[tuple[int, int]]:
        """Let the oldest leave, at most so many: cohorts with their second."""
        left = min(number, self.waiting)
        self.waiting -= left
        self.done += left
        taken: list[tuple[int, int]] = []
        while left:
            since, held = self._cohorts[0]
            part = min(held, left)
            taken.append((since, part))
            left -= part
            if part == held:
                self._cohorts.popleft()
            else:
                self._cohorts[0][1] -= part
        return taken

    @property
    def oldest(self) -> int | None:
        """Return the second of who has waited longest."""
        return self._cohorts[0][0] if self._cohorts else None


def quantile(ages: Mapping[int, int] | Counter[int], share: float) -> int:
    """Return the least age that so large a share do not exceed; 0 where there is nobody."""
    wanted, seen = share * sum(ages.values()), 0
    for age in sorted(ages):
        seen += ages[age]
        if seen >= wanted:
            return age
    return 0
