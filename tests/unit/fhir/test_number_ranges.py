"""Ranges of numbers behave as the sets they stand for."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.fhir.number_ranges import Range, bounded, merge, without

RANGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)).map(lambda pair: (pair[0], sum(pair))))


def numbers(ranges: tuple[Range, ...] | list[Range]) -> set[int]:
    return {number for first, last in ranges for number in range(first, last + 1)}


@given(RANGES)
def test_merged_ranges_are_the_same_numbers_apart_and_in_order(ranges: list[Range]) -> None:
    merged = merge(ranges)
    assert numbers(merged) == numbers(ranges)
    assert all(one[1] + 1 < other[0] for one, other in pairwise(merged))


@given(RANGES, RANGES)
def test_taking_out_is_the_difference(ranges: list[Range], holes: list[Range]) -> None:
    assert numbers(without(merge(ranges), merge(holes))) == numbers(ranges) - numbers(holes)


@given(RANGES, st.integers(1, 5))
def test_bounding_only_ever_adds(ranges: list[Range], most: int) -> None:
    merged = merge(ranges)
    kept = bounded(merged, most)
    assert len(kept) <= max(most, 0) or len(merged) <= most
    assert numbers(kept) >= numbers(merged)
    assert kept == merge(kept)
