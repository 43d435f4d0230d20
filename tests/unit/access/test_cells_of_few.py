"""Counts of few people: none is told, nor can one be had by subtraction."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.access.roles import Caller, Role
from shared.access.small_cells import LEAST, told, told_cells, whole

_CELLS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 40))


@given(_CELLS)
def test_no_part_is_told_that_is_of_few_or_follows_from_the_others(cells: dict[str, int]) -> None:
    shown = told_cells(cells)
    left_out = [name for name, count in shown.items() if count is None]
    assert all(shown[name] in (None, count) for name, count in cells.items())
    assert all(count is None or count == 0 or count >= LEAST for count in shown.values())
    if sum(cells.values()) >= LEAST:  # else the total is not told either
        assert len(left_out) != 1
        assert not left_out or sum(cells[name] for name in left_out) >= LEAST or len(left_out) > 1


@given(_CELLS)
def test_nothing_is_left_out_where_no_part_is_of_few(cells: dict[str, int]) -> None:
    many = {name: count * LEAST for name, count in cells.items()}
    assert told_cells(many) == many


def test_zero_and_eleven_are_told_and_what_lies_between_is_not() -> None:
    assert [told(count) for count in (0, 1, LEAST - 1, LEAST)] == [0, None, None, LEAST]


def test_who_may_see_people_sees_every_count() -> None:
    assert whole(Caller("ann", frozenset({Role.MARKETER, Role.SUPERVISOR})))
    assert not whole(Caller("ann", frozenset({Role.MARKETER, Role.ADMINISTRATOR})))
