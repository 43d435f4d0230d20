"""Counts of few people are not told to those who may not see people: some would be known by them.

Zero is told, one to ten are not, as in the cell size suppression policy of the US Centers for Medicare &
Medicaid Services (https://www.hhs.gov/guidance/document/cms-cell-suppression-policy).
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.access.roles import CARE, Caller

LEAST = 11
"""People that a count must be of, to be told."""


def whole(caller: Caller) -> bool:
    """Say whether somebody sees every count: those who may see the people themselves."""
    return caller.has(CARE)


def few(count: int) -> bool:
    """Say whether a count is of too few."""
    return 0 < count < LEAST


def told(count: int) -> int | None:
    """Return a count, or None where it is of too few."""
    return None if few(count) else count


def told_cells(cells: Mapping[str, int]) -> dict[str, int | None]:
    """Return the parts of a total that is told, None where one is of too few.

    Where just one is, the smallest of the others is left out as well: it could be had by subtraction.
    """
    shown = {name: told(count) for name, count in cells.items()}
    if sum(each is None for each in shown.values()) == 1:
        others = [name for name, count in shown.items() if count]
        if others:
            shown[min(others, key=lambda name: (cells[name], name))] = None
    return shown
