"""Sums of what a dry run has counted, by whatever a report asks: the flat counter is read here alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from shared.usecases.simulation.counting import KEYS, Counts

type Table = dict[str, dict[str, int]]


class Figures:
    """What was counted, of one journey or of all."""

    def __init__(self, counts: Counts, journey: str = "") -> None:
        self._counts, self._journey = counts, journey

    def total(self, name: str) -> int:
        """Add up everything of a name."""
        return sum(count for _, count in self._rows(name))

    def by(self, name: str, field: str) -> dict[str, int]:
        """Add up by one field, in its order."""
        found: dict[str, int] = {}
        for row, count in self._rows(name):
            found[row[field]] = found.get(row[field], 0) + count
        return dict(sorted(found.items()))

    def by_two(self, name: str, first: str, second: str) -> Table:
        """Add up by two fields."""
        found: Table = {}
        for row, count in self._rows(name):
            inner = found.setdefault(row[first], {})
            inner[row[second]] = inner.get(row[second], 0) + count
        return {key: dict(sorted(inner.items())) for key, inner in sorted(found.items())}

    def most(self, name: str, field: str) -> dict[str, int]:
        """Add up by one field, the most frequent first."""
        return dict(sorted(self.by(name, field).items(), key=lambda each: (-each[1], each[0])))

    def journeys(self) -> list[str]:
        """Return the urls of all journeys of which anything was counted."""
        named = {key[1 + KEYS[key[0]].index("journey")] for key in self._counts if "journey" in KEYS[key[0]]}
        return sorted(named)

    def _rows(self, name: str) -> Iterator[tuple[dict[str, str], int]]:
        fields = KEYS[name]
        for key, count in self._counts.items():
            if key[0] == name and count:
                row = dict(zip(fields, key[1:], strict=True))
                if row.get("journey", self._journey) == self._journey or not self._journey:
                    yield row, count


def days(first: str, last: str) -> list[str]:
    """Return every day from the first to the last."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(start + timedelta(days=n)).isoformat() for n in range((end - start).days + 1)]


def inside_by_day(
    before: int, entered: dict[str, int], ended: dict[str, int], among: list[str]
) -> dict[str, int]:
    """Return how many are inside at the end of each day."""
    found: dict[str, int] = {}
    for day in among:
        before += entered.get(day, 0) - ended.get(day, 0)
        found[day] = before
    return found
