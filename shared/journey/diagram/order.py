"""Order: who stands left and right of whom in each row, so that few ways cross.

Follows layers in the flow of diagrams: barycentres, sweeping down and up, then swaps of neighbours; the best
order that was met is kept (Sugiyama, Tagawa, Toda 1981).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from shared.journey.diagram.layers import Key, Layers, is_bend

type Rows = list[list[Key]]

_SWEEPS = 16
_PATIENCE = 4
"""Sweeps without a gain, after which it is good enough."""


class Links(Struct, frozen=True):
    """Who hangs on whom, row to row; each pair once, however many ways share it."""

    above: Mapping[Key, Sequence[Key]]
    below: Mapping[Key, Sequence[Key]]
    over: Mapping[Key, Sequence[Key]]
    """In the same row, where a way turns round over the top of what is between."""
    under: Mapping[Key, Sequence[Key]]
    """The same round the bottom."""

    def beside(self, key: Key) -> tuple[Key, ...]:
        """Return what hangs on it in its own row."""
        return (*self.over.get(key, ()), *self.under.get(key, ()))


def links(layers: Layers) -> Links:
    """Return the neighbours of everything."""
    above: dict[Key, list[Key]] = defaultdict(list)
    below: dict[Key, list[Key]] = defaultdict(list)
    over: dict[Key, list[Key]] = defaultdict(list)
    under: dict[Key, list[Key]] = defaultdict(list)
    pairs = dict.fromkeys(pair for chain in layers.chains for pair in pairwise(chain.keys))
    for one, other in pairs:
        difference = layers.row[other] - layers.row[one]
        if difference == 0:
            turning = under if is_bend(other) else over
            turning[one].append(other)
            turning[other].append(one)
        else:
            high, low = (one, other) if difference > 0 else (other, one)
            if high not in above[low]:
                above[low].append(high)
                below[high].append(low)
    return Links(above, below, over, under)


def order(layers: Layers, near: Links) -> Rows:
    """Return the rows, each from left to right."""
    rows = first_order(layers, near)
    best, fewest, stale = [*map(list, rows)], crossings(rows, near), 0
    for sweep in range(_SWEEPS):
        if not fewest or stale == _PATIENCE:
            break
        _sweep(rows, near, down=sweep % 2 == 0)
        _swap(rows, near)
        found = crossings(rows, near)
        stale = 0 if found < fewest else stale + 1
        if found < fewest:
            best, fewest = [*map(list, rows)], found
    return best


def first_order(layers: Layers, near: Links) -> Rows:
    """Take everything in the order in which one meets it going down from the entry, left ways first."""
    rows: Rows = [[] for _ in layers.rows]
    seen: set[Key] = set()
    ahead = [key for row in reversed(layers.rows) for key in reversed(row)]
    while ahead:
        key = ahead.pop()
        if key not in seen:
            seen.add(key)
            rows[layers.row[key]].append(key)
            ahead += reversed([*near.below.get(key, ()), *near.beside(key)])
    return rows


def _sweep(rows: Rows, near: Links, *, down: bool) -> None:
    """Order each row by where its neighbours in the row before stand."""
    toward = near.above if down else near.below
    for at in range(1, len(rows)) if down else range(len(rows) - 2, -1, -1):
        fixed = _places(rows[at - 1 if down else at + 1])
        own = _places(rows[at])
        scale = max(len(fixed), 1) / max(len(own), 1)
        keys = {
            key: _mean([fixed[other] for other in toward.get(key, ())])
            or _mean([own[other] * scale for other in near.beside(key)])
            or own[key] * scale
            for key in rows[at]
        }
        rows[at].sort(key=lambda key: keys[key])


def _mean(places: Sequence[float]) -> float:
    """Return the mean; 0, which is no place, of none."""
    return sum(places) / len(places) if places else 0.0


def _places(row: Sequence[Key]) -> dict[Key, int]:
    return {key: n for n, key in enumerate(row, 1)}


def _swap(rows: Rows, near: Links) -> None:
    """Let neighbours in a row change places while fewer ways cross for it."""
    for at, row in enumerate(rows):
        high = _places(rows[at - 1]) if at else {}
        low = _places(rows[at + 1]) if at + 1 < len(rows) else {}
        up = {key: sorted(high[k] for k in near.above.get(key, ())) for key in row}
        down = {key: sorted(low[k] for k in near.below.get(key, ())) for key in row}
        places = _places(row)
        for n in range(len(row) - 1):
            left, right = row[n], row[n + 1]
            as_is = _inversions(up[left], up[right]) + _inversions(down[left], down[right])
            turned = _inversions(up[right], up[left]) + _inversions(down[right], down[left])
            gain = as_is - turned + _round(left, right, places, near)
            if gain > 0:
                row[n], row[n + 1] = right, left
                places[left], places[right] = places[right], places[left]


def _round(left: Key, right: Key, places: Mapping[Key, int], near: Links) -> int:
    """Count what ways that turn round cross less when two neighbours change places."""
    gain = 0
    for turns, ways in ((near.over, near.above), (near.under, near.below)):
        for one, other, sign in ((left, right, 1), (right, left, -1)):
            ahead = (places[end] - places[one] for end in turns.get(one, ()) if end != other)
            gain += sum(len(ways.get(other, ())) * (1 if sign * step > 0 else -1) for step in ahead)
    return gain


def _inversions(left: Sequence[int], right: Sequence[int]) -> int:
    return sum(one > other for one in left for other in right)


def crossings(rows: Iterable[Sequence[Key]], near: Links) -> int:
    """Count the pairs of ways that cross between rows, and round what is in them."""
    rows = [*rows]
    return sum(_between(upper, lower, near) for upper, lower in pairwise(rows)) + sum(
        _turning(row, near) for row in rows
    )


def _between(upper: Sequence[Key], lower: Sequence[Key], near: Links) -> int:
    count, met = 0, list[int]()
    for place in _ends(upper, _places(lower), near):
        count += len(met) - bisect_right(met, place)
        insort(met, place)
    return count


def _turning(row: Sequence[Key], near: Links) -> int:
    """Count the ways that those which turn round in a row cross there."""
    places = _places(row)
    count = 0
    for turns, ways in ((near.over, near.above), (near.under, near.below)):
        for key in row:
            for other in turns.get(key, ()):
                between = row[
                    places[key] : places[other] - 1
                ]  # none where other is to the left: counted once
                count += sum(len(ways.get(each, ())) for each in between)
    return count


def _ends(upper: Sequence[Key], places: Mapping[Key, int], near: Links) -> Iterator[int]:
    """Walk where the ways from a row arrive in the next, from left to right by where they begin."""
    for key in upper:
        yield from sorted(places[other] for other in near.below.get(key, ()))
