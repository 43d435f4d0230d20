"""Place: how far right everything stands, with ways as straight as they can be and nothing overlapping.

Follows order in the flow of diagrams. Four placings, each leaning to one corner, and the middle of them
(Brandes, Köpf: Fast and Simple Horizontal Coordinate Assignment, 2001).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from shared.journey.diagram.layers import DOWN, PILL, UP, Key, is_bend
from shared.journey.diagram.order import Links, Rows

type Places = dict[Key, float]
type Apart = Callable[[Key, Key], float]
"""How far the middles of two neighbours in a row must be from each other."""
type Near = Mapping[Key, Sequence[Key]]

_FREE = (DOWN, UP, PILL)
"""What needs no column."""
_CLOSE = 48.0
"""Boxes less than this apart, in pixels, were meant to stand under each other."""


def place(rows: Rows, near: Links, apart: Apart) -> Places:
    """Return the middle of everything, in pixels; the leftmost stands at 0."""
    crossed = _crossed(rows, near)
    found: list[Places] = []
    for upright in (True, False):
        walked = rows if upright else rows[::-1]
        toward = near.above if upright else near.below
        for sign in (1, -1):
            turned = [row[::sign] for row in walked]
            places = _compact(turned, _blocks(turned, toward, crossed), apart)
            found.append({key: sign * x for key, x in places.items()})
    return _straightened(rows, near, apart, _in_columns(rows, apart, _balanced(found)))


def _crossed(rows: Rows, near: Links) -> frozenset[tuple[Key, Key]]:
    """Return the links that cross a trunk: the trunk stays straight, they do not."""
    found: set[tuple[Key, Key]] = set()
    for upper, lower in pairwise(rows):
        high = {key: n for n, key in enumerate(upper)}
        trunks = [
            (high[other], n)
            for n, key in enumerate(lower)
            for other in near.above.get(key, ())
            if is_bend(key) and is_bend(other)
        ]
        for n, key in enumerate(lower):
            for other in near.above.get(key, ()):
                trunk = is_bend(key) and is_bend(other)
                if not trunk and any((high[other] - a) * (n - b) < 0 for a, b in trunks):
                    found |= {(key, other), (other, key)}
    return frozenset(found)


def _blocks(rows: Rows, toward: Near, crossed: frozenset[tuple[Key, Key]]) -> dict[Key, Key]:
    """Line things up below each other: by key, the first of its block. Links of blocks never cross."""
    root = {key: key for row in rows for key in row}
    for before, row in pairwise(rows):
        place = {key: n for n, key in enumerate(before)}
        taken = -1
        for key in row:
            others = sorted(toward.get(key, ()), key=place.__getitem__)
            for other in others[(len(others) - 1) // 2 : len(others) // 2 + 1]:
                if root[key] == key and (key, other) not in crossed and place[other] > taken:
                    root[key] = root[other]
                    taken = place[other]
    return root


def _compact(rows: Rows, root: Mapping[Key, Key], apart: Apart) -> Places:
    """Push all blocks as far left as they go, then each toward those at its right."""
    after: dict[Key, dict[Key, float]] = defaultdict(dict)
    before: dict[Key, dict[Key, float]] = defaultdict(dict)
    for row in rows:
        for left, right in pairwise(row):
            one, other = root[left], root[right]
            gap = max(apart(left, right), after[one].get(other, 0.0))
            after[one][other] = before[other][one] = gap
    sequence = _sorted(dict.fromkeys(root.values()), after, before)
    x: Places = {}
    for key in sequence:
        x[key] = max((x[other] + gap for other, gap in before[key].items()), default=0.0)
    for key in reversed(sequence):
        x[key] = min((x[other] - gap for other, gap in after[key].items()), default=x[key])
    return {key: x[root[key]] for row in rows for key in row}


def _sorted(
    blocks: Mapping[Key, None],
    after: Mapping[Key, Mapping[Key, float]],
    before: Mapping[Key, Mapping[Key, float]],
) -> list[Key]:
    """Return the blocks so that each comes after those at its left."""
    missing = {key: len(before.get(key, ())) for key in blocks}
    ready = [key for key, count in missing.items() if not count]
    for key in ready:  # grows while it is walked
        for other in after.get(key, ()):
            missing[other] -= 1
            if not missing[other]:
                ready.append(other)
    return ready


def _balanced(found: Sequence[Places]) -> Places:
    """Lay the placings over the narrowest, and take the middle for each thing."""
    spans = [(min(places.values()), max(places.values())) for places in found]
    low, high = min(spans, key=lambda span: span[1] - span[0])
    moves = [low - span[0] if n % 2 == 0 else high - span[1] for n, span in enumerate(spans)]
    middles = {}
    for key in found[0]:
        x = sorted(places[key] + move for places, move in zip(found, moves, strict=True))
        middles[key] = (x[1] + x[2]) / 2
    leftmost = min(middles.values())
    return {key: x - leftmost for key, x in middles.items()}


def _straightened(rows: Rows, near: Links, apart: Apart, x: Places) -> Places:
    """Take out small jogs, where there is room to: what has one neighbour stands right under or over it."""
    for toward, back, walked in ((near.above, near.below, rows), (near.below, near.above, rows[::-1])) * 2:
        for row in walked:
            for n, key in enumerate(row):
                others = toward.get(key, ())
                if len(others) == 1 and len(back.get(others[0], ())) == 1:
                    _move(row, n, x[others[0]], apart, x)
    return x


def _in_columns(rows: Rows, apart: Apart, x: Places) -> Places:
    """Let boxes that stand almost under each other stand so."""
    columns: list[float] = []
    for row in rows:
        for n, key in enumerate(row):
            if key.startswith(_FREE):
                continue
            close = (column for column in columns if abs(column - x[key]) < _CLOSE)
            for column in sorted(close, key=lambda column: abs(column - x[key])):
                if _move(row, n, column, apart, x):
                    break
            else:
                columns.append(x[key])
    return x


def _move(row: Sequence[Key], n: int, to: float, apart: Apart, x: Places) -> bool:
    """Move one thing in its row if nothing is in the way, and say whether it went."""
    low = x[row[n - 1]] + apart(row[n - 1], row[n]) if n else float("-inf")
    high = x[row[n + 1]] - apart(row[n], row[n + 1]) if n + 1 < len(row) else float("inf")
    if not low <= to <= high:
        return False
    x[row[n]] = to
    return True
