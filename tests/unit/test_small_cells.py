"""Figures of a few people are told to nobody who may not see people, nor can they be worked out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.access.small_cells import LEAST
from shared.access.small_figures import BASE, all_rough

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
    assert all(n == 0 or n >= LEAST for n in _numbers(all_rough(figures)))


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 40), max_size=6))
def test_a_sum_never_tells_the_one_that_is_hidden(counts: dict[str, int]) -> None:
    told = all_rough(counts)
    hidden = [name for name, count in told.items() if count is None]
    assert len(hidden) != 1 or not any(told.values())


@given(st.integers(0, 10_000))
def test_two_figures_that_differ_by_one_person_mostly_look_the_same(count: int) -> None:
    """Whoever writes a segment, and another without one person, learns little by the difference."""
    assert sum(all_rough(count + more) != all_rough(count + more + 1) for more in range(1, 1 + BASE)) <= 2


def test_what_is_large_is_rounded() -> None:
    assert all_rough({"a": 41, "b": 0, "c": 11}) == {"a": 40, "b": 0, "c": 15}
    assert all_rough({"a": 40, "b": 3, "c": 20}) == {"a": 40, "b": None, "c": None}
    assert all_rough([True, "7", None, 13]) == [True, "7", None, 15]
