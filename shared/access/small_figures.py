"""Figures for those who may not see people: of few they are left out, all others are rounded to five.

As the NHS tells figures of hospitals: small counts suppressed, all others rounded to the nearest 5, in place
of looking which others would have to go as well ("change to disclosure control methodology for HES and ECDS
from September 2018", digital.nhs.uk), with the threshold of shared.access.small_cells. Where parts, wholes
and steps that follow each other stand side by side, what is left out could else be had by subtraction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.access.small_cells import few

BASE = 5
LOWEST = 15
"""What the smallest counts that are told are rounded to, so that each stands for many."""


def rough(count: int) -> int | None:
    """Return a count that says nothing exact of people: None of few, else a multiple of 5; none are none."""
    if count == 0:
        return 0
    return None if few(count) else max(LOWEST, BASE * ((count + BASE // 2) // BASE))


def all_rough(figures: Any) -> Any:
    """Return what JSON can say with each whole number told roughly; True is no number.

    Of a mapping of numbers alone a second one is hidden where one is: else their sum, told elsewhere, would
    tell what it is to five.
    """
    match figures:
        case bool():
            return figures
        case int():
            return rough(figures)
        case Mapping():
            told = {name: all_rough(value) for name, value in figures.items()}
            return _with_a_second(told) if all(type(value) is int for value in figures.values()) else told
        case list() | tuple():
            return [all_rough(value) for value in figures]
        case _:
            return figures


def _with_a_second(told: dict[str, int | None]) -> dict[str, int | None]:
    seen = {name: count for name, count in told.items() if count}
    if seen and sum(count is None for count in told.values()) == 1:
        return {**told, min(seen, key=lambda name: (seen[name], name)): None}
    return told
