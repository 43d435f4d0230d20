"""Drawing: every box with its place, every way with its corners, in pixels from the top left.

Follows channel in the flow of diagrams; svg writes it down.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate

from msgspec import Struct

from shared.journey.diagram.boxes import Box, node_box, pill_box
from shared.journey.diagram.channel import SPACING, Hop, Net, NetKey, hops, tracks
from shared.journey.diagram.graph import Edge, Graph, Node
from shared.journey.diagram.layers import PILL, Key, Layers, is_bend, layers
from shared.journey.diagram.order import links, order
from shared.journey.diagram.place import place

_GAP = 34.0
"""Between two boxes of a row."""
_BESIDE = 20.0
"""Between a box and a way that passes it."""
_TRUNKS = 14.0
"""Between two ways that pass a row."""
_SHORTEST = 15.0
"""From a box to the first track; an arrow needs some room."""
_STRAIGHT = 17.0
"""Between two rows where no way turns."""
_NOTHING = Box(0.0, 0.0)

type Point = tuple[float, float]


class Placed(Struct, frozen=True):
    """A box, by its middle and its top."""

    box: Box
    x: float
    y: float

    @property
    def left(self) -> float:
        """Return where it begins."""
        return self.x - self.box.width / 2


class Way(Struct, frozen=True):
    """A way, by its corners; each stretch is level or upright."""

    edge: Edge
    points: tuple[Point, ...]
    back: bool
    pill: Placed | None


class Drawing(Struct, frozen=True):
    """Everything, in the order of the graph."""

    nodes: tuple[tuple[Node, Placed], ...]
    ways: tuple[Way, ...]
    width: float
    height: float


def draw(graph: Graph) -> Drawing:
    """Lay out a graph. The same graph is always laid out the same way."""
    made = layers(graph)
    boxes = _boxes(graph, made)
    near = links(made)
    rows = order(made, near)
    exact = place(rows, near, lambda left, right: _apart(left, right, boxes))
    x = {key: float(round(middle)) for key, middle in exact.items()}
    stretches = [hops(chain, made) for chain in made.chains]
    levels = _levels(made, boxes, x, [hop for each in stretches for hop in each])
    spots = {key: Placed(boxes[key], x[key], levels.tops[made.row[key]]) for key in x}
    ways = [
        Way(chain.edge, _points(each, spots, levels), chain.back, _pill(chain.keys, spots))
        for chain, each in zip(made.chains, stretches, strict=True)
    ]
    return _framed(tuple((node, spots[node.key]) for node in graph.nodes), tuple(ways), levels.height)


def _boxes(graph: Graph, made: Layers) -> dict[Key, Box]:
    boxes = {node.key: node_box(node) for node in graph.nodes}
    for chain in made.chains:
        for key in chain.keys:
            if key not in boxes:
                boxes[key] = pill_box(chain.edge) if key.startswith(PILL) else _NOTHING
    return boxes


def _apart(left: Key, right: Key, boxes: Mapping[Key, Box]) -> float:
    bends = is_bend(left) + is_bend(right)
    gap = (_GAP, _BESIDE, _TRUNKS)[bends]
    return (boxes[left].width + boxes[right].width) / 2 + gap


class _Levels(Struct, frozen=True):
    """What stands at which height."""

    tops: Sequence[float]
    """Of the rows."""
    tracks: Mapping[tuple[int, NetKey], float]
    height: float


def _levels(
    made: Layers, boxes: Mapping[Key, Box], x: Mapping[Key, float], all_hops: Sequence[Hop]
) -> _Levels:
    placed = [tracks(nets) for nets in _channels(len(made.rows), x, all_hops)]
    counts = [max(found.values(), default=-1) + 1 for found in placed]
    rows = [max((boxes[key].height for key in row), default=0.0) for row in made.rows]
    # a channel stands above each row, and one below the last; the first has room only if it is used
    gaps = [2 * _SHORTEST + (count - 1) * SPACING if count else _STRAIGHT for count in counts]
    gaps[0], gaps[-1] = (
        gap if count else 0.0 for gap, count in ((gaps[0], counts[0]), (gaps[-1], counts[-1]))
    )
    starts = [0.0, *accumulate(gap + row for gap, row in zip(gaps, rows, strict=False))]
    tops = [start + gap for start, gap in zip(starts, gaps, strict=True)]
    heights = {
        (n - 1, net): starts[n] + _SHORTEST + at * SPACING
        for n, found in enumerate(placed)
        for net, at in found.items()
    }
    return _Levels(tops, heights, tops[-1])


def _channels(count: int, x: Mapping[Key, float], all_hops: Sequence[Hop]) -> list[dict[NetKey, Net]]:
    """Gather the ends of all nets; the channel above row n has number n."""
    found: list[dict[NetKey, Net]] = [defaultdict(lambda: Net(set(), set())) for _ in range(count + 1)]
    for hop in all_hops:
        net = found[hop.channel + 1][hop.net]
        for key, above in ((hop.one, hop.one_above), (hop.other, hop.other_above)):
            (net.above if above else net.below).add(x[key])
    return found


def _points(stretches: Sequence[Hop], spots: Mapping[Key, Placed], levels: _Levels) -> tuple[Point, ...]:
    points: list[Point] = []
    for hop in stretches:
        level = levels.tracks.get((hop.channel, hop.net))
        start, end = _end(spots[hop.one], above=hop.one_above), _end(spots[hop.other], above=hop.other_above)
        turns = [] if level is None else [(start[0], level), (end[0], level)]
        points += [start, *turns, end]
    return _without_straight(points)


def _end(spot: Placed, *, above: bool) -> Point:
    return spot.x, spot.y + (spot.box.height if above else 0.0)


def _without_straight(points: Sequence[Point]) -> tuple[Point, ...]:
    """Keep corners only."""
    kept: list[Point] = []
    for point in points:
        while len(kept) > 1 and _in_line(kept[-2], kept[-1], point):
            kept.pop()
        if not kept or kept[-1] != point:
            kept.append(point)
    return tuple(kept)


def _in_line(one: Point, middle: Point, other: Point) -> bool:
    return one[0] == middle[0] == other[0] or one[1] == middle[1] == other[1]


def _pill(keys: Sequence[Key], spots: Mapping[Key, Placed]) -> Placed | None:
    return next((spots[key] for key in keys if key.startswith(PILL)), None)


def _framed(nodes: Sequence[tuple[Node, Placed]], ways: Sequence[Way], height: float) -> Drawing:
    """Move everything so that the leftmost thing stands at 0."""
    boxes = [spot for _, spot in nodes] + [way.pill for way in ways if way.pill]
    ends = [(spot.left, spot.left + spot.box.width) for spot in boxes]
    ends += [(x, x) for way in ways for x, _ in way.points]
    left, right = min(low for low, _ in ends), max(high for _, high in ends)
    moved_nodes = tuple((node, _moved(spot, -left)) for node, spot in nodes)
    moved_ways = tuple(
        Way(
            way.edge,
            tuple((x - left, y) for x, y in way.points),
            way.back,
            _moved(way.pill, -left) if way.pill else None,
        )
        for way in ways
    )
    return Drawing(moved_nodes, moved_ways, right - left, height)


def _moved(spot: Placed, right: float) -> Placed:
    return Placed(spot.box, spot.x + right, spot.y)
