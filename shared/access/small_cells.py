"""Small cells: figures of so few people that whoever knows the town knows who they are.

Told as None to callers who may not see people. What is hidden follows the cell size suppression policy of
CMS: 1 to 10, and what would let one of those be worked out (https://resdac.org/node/1506).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.access.roles import CARE, Caller

LEAST = 11
"""The smallest number of people that is told; none at all is told as well."""


def sees_people(caller: Caller) -> bool:
    """Say whether a caller works with people, so that small figures tell them nothing that is hidden."""
    return caller.has(CARE)


def few(count: int) -> bool:
    """Say whether a count is of too few to be told."""
    return 0 < count < LEAST


def without_small_cells(figures: Any) -> Any:
    """Return what JSON can say with each whole number from 1 to 10 replaced by None; True is no number.

    Of a mapping of numbers alone a second one is hidden where one is: else their sum, told elsewhere, would
    tell it.
    """
    match figures:
        case bool():
            return figures
        case int():
            return None if few(figures) else figures
        case Mapping():
            told = {name: without_small_cells(value) for name, value in figures.items()}
            return _with_a_second(told) if all(type(value) is int for value in figures.values()) else told
        case list() | tuple():
            return [without_small_cells(value) for value in figures]
        case _:
            return figures


def _with_a_second(told: dict[str, int | None]) -> dict[str, int | None]:
    seen = {name: count for name, count in told.items() if count}
    if seen and sum(count is None for count in told.values()) == 1:
        return {**told, min(seen, key=lambda name: (seen[name], name)): None}
    return told
