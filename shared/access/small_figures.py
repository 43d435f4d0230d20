"""Figures for those who may not see people: of few they are left out, all others are rounded to five.

As the NHS tells figures of hospitals: small counts suppressed, all others rounded to the nearest 5, in place
of looking which others would have to go as well ("change to disclosure control methodology for HES and ECDS
from September 2018", digital.nhs.uk), with the threshold of shared.access.small_cells. Where parts, wholes
and steps that follow each other stand side by side, what is left out could else be had by subtraction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

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


def veiled(count: int) -> int | None:
    """Return a count of what the caller asked in words of their own: of none no more is told than of few.

    Else a question that only one person can meet, by birthday and town, would tell what is known of them:
    none or few.
    """
    return rough(count) or None


def veil(figures: Any) -> Any:
    """Return figures, as Structs or what JSON can say, as JSON says them, with each whole number `veiled`.

    Of a mapping what is not told is not named either: that it is there says it is not none. A Struct keeps
    its fields.
    """
    match figures:
        case bool():
            return figures
        case int():
            return veiled(figures)
        case Struct():
            return {name: veil(getattr(figures, name)) for name in figures.__struct_fields__}
        case Mapping():
            told = {name: veil(value) for name, value in figures.items()}
            return {name: value for name, value in told.items() if value not in (None, {})}
        case list() | tuple():
            return [veil(value) for value in figures]
        case _:
            return figures
