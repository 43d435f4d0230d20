"""Channel: the tracks between two rows, one for each bundle of ways that has to go sideways there.

Follows place in the flow of diagrams. Ways that leave one box for its pills, or come together for one box,
are one net: a line sideways with ends going up and down. Nets are stacked so that few of them cross.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from shared.journey.diagram.layers import PILL, UP, Chain, Key, Layers

type NetKey = str

SPACING = 12.0
"""Pixels between two tracks."""
_TOUCH = 9.0
"""Lines closer than this look like one."""
_CONFLICT = 100
"""How many crossings one place is worth where two nets would lie on each other."""
_MOST_ROUNDS = 60


class Hop(Struct, frozen=True):
    """One stretch of a way: between two things of neighbouring rows, or of one row round its outside."""

    channel: int
    """The row above which it does not go; -1 is above all."""
    net: NetKey
    one: Key
    one_above: bool
    """The stretch leaves `one` downwards, as it stands above the channel."""
    other: Key
    other_above: bool


class Net(Struct):
    """Where the ends of a net are."""

    above: set[float]
    below: set[float]

    @property
    def low(self) -> float:
        """Return its left end."""
        return min(self.above | self.below)

    @property
    def high(self) -> float:
        """Return its right end."""
        return max(self.above | self.below)


def hops(chain: Chain, layers: Layers) -> tuple[Hop, ...]:
    """Return the stretches of a way."""
    return tuple(_hop(one, other, chain, layers) for one, other in pairwise(chain.keys))


def _hop(one: Key, other: Key, chain: Chain, layers: Layers) -> Hop:
    start, end, target = layers.row[one], layers.row[other], chain.edge.target
    if other.startswith(PILL):
        return Hop(start, f"from {one}", one, True, other, False)
    if end > start:
        return Hop(start, f"to {target}", one, True, other, False)
    if other == target:  # over the top, and down into the box
        return Hop(end - 1, f"to {target}", one, False, other, False)
    if end == start:  # out of the bottom, and up beside the box
        return Hop(start, f"{UP} {target}", one, True, other, True)
    return Hop(end, f"{UP} {target}", one, False, other, True)


def tracks(nets: Mapping[NetKey, Net]) -> dict[NetKey, int]:
    """Return the track of each net that goes sideways, from 0, top to bottom."""
    sideways = {key: net for key, net in nets.items() if net.high - net.low > 0.5}
    costs = {
        (one, other): _cost(sideways[one], sideways[other])
        for one in sideways
        for other in sideways
        if one != other
    }
    placed: dict[NetKey, int] = {}
    for key in _stacked(sideways, costs):
        net = sideways[key]
        over = [at for other, at in placed.items() if _overlap(net, sideways[other])]
        placed[key] = max(over, default=-1) + 1
    return placed


def _stacked(nets: Mapping[NetKey, Net], costs: Mapping[tuple[NetKey, NetKey], int]) -> Sequence[NetKey]:
    """Put each net where it costs least among those before it, then let neighbours change places."""
    stack: list[NetKey] = []
    for key in sorted(nets, key=lambda key: (nets[key].low, key)):
        cost = sum(costs[key, other] for other in stack)
        best, at = cost, 0
        for n, other in enumerate(stack, 1):
            cost += costs[other, key] - costs[key, other]
            if cost < best:
                best, at = cost, n
        stack.insert(at, key)
    for _ in range(_MOST_ROUNDS):
        if not _improve(stack, costs):
            break
    return stack


def _improve(stack: list[NetKey], costs: Mapping[tuple[NetKey, NetKey], int]) -> bool:
    better = False
    for n in range(len(stack) - 1):
        upper, lower = stack[n], stack[n + 1]
        if costs[lower, upper] < costs[upper, lower]:
            stack[n], stack[n + 1], better = lower, upper, True
    return better


def _cost(upper: Net, lower: Net) -> int:
    """Count what crosses when one net lies above the other."""
    falling = sum(upper.low < x < upper.high for x in lower.above)
    rising = sum(lower.low < x < lower.high for x in upper.below)
    touching = sum(abs(x - y) < _TOUCH for x in lower.above for y in upper.below)
    return falling + rising + _CONFLICT * touching


def _overlap(one: Net, other: Net) -> bool:
    return one.low < other.high + SPACING and other.low < one.high + SPACING
