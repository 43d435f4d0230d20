"""Sets of whole numbers kept as ranges, so that a gap of a billion costs as much as a gap of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

type Range = tuple[int, int]
"""First and last number, both inclusive."""


def merge(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Order ranges and join those that touch or overlap."""
    joined: list[Range] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def without(ranges: Sequence[Range], holes: Sequence[Range]) -> tuple[Range, ...]:
    """Take `holes` out of `ranges`; both must be merged."""
    left: list[Range] = []
    hole = 0
    for first, last in ranges:
        while hole < len(holes) and holes[hole][1] < first:
            hole += 1
        at = hole
        while first <= last and at < len(holes) and holes[at][0] <= last:
            if first < holes[at][0]:
                left.append((first, holes[at][0] - 1))
            first = max(first, holes[at][1] + 1)
            at += 1
        if first <= last:
            left.append((first, last))
    return tuple(left)


def bounded(ranges: tuple[Range, ...], most: int) -> tuple[Range, ...]:
    """Keep at most `most` ranges, by joining those with the fewest numbers between them."""
    if len(ranges) <= most:
        return ranges
    spaces = sorted(range(1, len(ranges)), key=lambda at: ranges[at][0] - ranges[at - 1][1])
    joined = set(spaces[: len(ranges) - most])
    kept = [ranges[0]]
    for at in range(1, len(ranges)):
        if at in joined:
            kept[-1] = (kept[-1][0], ranges[at][1])
        else:
            kept.append(ranges[at])
    return tuple(kept)
