"""Figures of a few people are told to nobody who may not see people, nor can they be worked out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.access.small_cells import LEAST, without_small_cells

_FIGURES = st.recursive(
    st.one_of(st.integers(0, 40), st.booleans(), st.text(max_size=3), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=3), inner)),
)


def _numbers(figures: object) -> list[int]:
    if isinstance(figures, dict):
        return [n for value in figures.values() for n in _numbers(value)]
    if isinstance(figures, list):
        return [n for value in figures for n in _numbers(value)]
    return [figures] if type(figures) is int else []


@given(_FIGURES)
def test_no_small_figure_is_ever_told(figures: object) -> None:
    assert all(n == 0 or n >= LEAST for n in _numbers(without_small_cells(figures)))


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 40), max_size=6))
def test_a_sum_never_tells_the_one_that_is_hidden(counts: dict[str, int]) -> None:
    told = without_small_cells(counts)
    hidden = [name for name, count in told.items() if count is None]
    assert len(hidden) != 1 or not any(told.values())


def test_what_is_large_stays() -> None:
    assert without_small_cells({"a": 40, "b": 0, "c": 11}) == {"a": 40, "b": 0, "c": 11}
    assert without_small_cells({"a": 40, "b": 3, "c": 20}) == {"a": 40, "b": None, "c": None}
