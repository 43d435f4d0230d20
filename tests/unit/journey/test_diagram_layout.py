"""The layout of diagrams: nothing overlaps, every way leads from its box to its box and through no other."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.journey.definition import parse_journey
from shared.journey.diagram.drawing import Drawing, Placed, draw
from shared.journey.diagram.graph import Edge, Graph, Node, graph
from shared.journey.diagram.layers import layers
from shared.journey.diagram.order import crossings, first_order, links, order
from shared.journey.diagram.place import place
from shared.journey.diagram.text import width, wrap
from tests.unit.journey.random_journeys import journeys

labels = st.sampled_from(
    ["", "", "yes", "otherwise", "a condition with so many words that it has to be broken " * 2]
)


@st.composite
def graphs(draw_: st.DrawFn) -> Graph:
    """Return any graph whose nodes can all be reached from the first, loops to themselves included."""
    count = draw_(st.integers(2, 14))
    kinds = st.sampled_from(["send", "wait", "branch", "exit"])
    heading = st.text("ab ", min_size=1, max_size=120).filter(str.strip)
    nodes = [Node("@entry", "entry", "Enters")]
    nodes += [Node(f"n{n}", draw_(kinds), draw_(heading)) for n in range(1, count)]
    edges = [
        Edge(nodes[draw_(st.integers(0, n - 1))].key, nodes[n].key, draw_(labels)) for n in range(1, count)
    ]
    inner = st.integers(1, count - 1).map(lambda n: nodes[n].key)
    edges += draw_(st.lists(st.builds(Edge, inner, inner, labels), max_size=12))
    return Graph(tuple(nodes), tuple(edges))


def frame(spot: Placed) -> tuple[float, float, float, float]:
    return spot.left, spot.y, spot.left + spot.box.width, spot.y + spot.box.height


def boxes(drawing: Drawing) -> list[Placed]:
    return [spot for _, spot in drawing.nodes] + [way.pill for way in drawing.ways if way.pill]


def apart(one: Placed, other: Placed) -> bool:
    a, b = frame(one), frame(other)
    return a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]


def through(start: tuple[float, float], end: tuple[float, float], spot: Placed) -> bool:
    """Say whether a stretch passes through the inside of a box."""
    left, top, right, bottom = frame(spot)
    low, high = sorted((start, end))
    return (
        low[0] < right - 0.01
        and high[0] > left + 0.01
        and min(start[1], end[1]) < bottom - 0.01
        and max(start[1], end[1]) > top + 0.01
    )


def check(meant: Graph) -> None:
    drawing = draw(meant)
    spots = {node.key: spot for node, spot in drawing.nodes}
    assert [node for node, _ in drawing.nodes] == list(meant.nodes)
    assert [way.edge for way in drawing.ways] == list(meant.edges)
    assert all(apart(one, other) for one, other in combinations(boxes(drawing), 2))
    for way in drawing.ways:
        source, target = spots[way.edge.source], spots[way.edge.target]
        assert way.points[0] == (source.x, source.y + source.box.height)
        assert way.points[-1] == (target.x, target.y)
        assert bool(way.pill) == bool(way.edge.label)
        own = [way.pill] if way.pill else []
        for start, end in pairwise(way.points):
            assert start[0] == end[0] or start[1] == end[1]
            assert not any(through(start, end, spot) for spot in boxes(drawing) if spot not in own)
    for spot in boxes(drawing):
        left, top, right, bottom = frame(spot)
        assert left >= 0
        assert top >= 0
        assert right <= drawing.width + 0.01
        assert bottom <= drawing.height + 0.01


@given(graphs())
@settings(deadline=None)
def test_any_graph_is_laid_out_without_overlaps(meant: Graph) -> None:
    check(meant)


@given(journeys(1))
@settings(deadline=None, max_examples=50)
def test_any_journey_is_laid_out_without_overlaps(document: dict[str, object]) -> None:
    check(graph(parse_journey(document, "random")))


@given(graphs())
@settings(deadline=None)
def test_only_ways_that_go_round_lead_up(meant: Graph) -> None:
    made = layers(meant)
    up = [chain for chain in made.chains if chain.back]
    assert all(made.row[chain.edge.source] >= made.row[chain.edge.target] for chain in up)
    down = [chain for chain in made.chains if not chain.back]
    assert all(made.row[chain.edge.source] < made.row[chain.edge.target] for chain in down)
    against = {node.key: n for n, node in enumerate(meant.nodes)}
    assert all(against[chain.edge.source] >= against[chain.edge.target] for chain in up)


@given(graphs())
@settings(deadline=None)
def test_the_order_has_no_more_crossings_than_the_first_one(meant: Graph) -> None:
    made = layers(meant)
    near = links(made)
    rows = order(made, near)
    assert sorted(map(sorted, rows)) == sorted(map(sorted, made.rows))
    assert crossings(rows, near) <= crossings(first_order(made, near), near)


def test_ways_that_need_not_cross_do_not() -> None:
    nodes = tuple(Node(key, "send", key) for key in "abcdef")
    edges = tuple(Edge(one, other, "x") for one, other in ("ab", "ac", "bd", "ce", "ef", "df"))
    made = layers(Graph(nodes, edges))
    near = links(made)
    assert crossings(order(made, near), near) == 0


def test_a_chain_is_one_straight_line() -> None:
    nodes = tuple(Node(f"n{n}", "send", "Send") for n in range(30))
    drawing = draw(Graph(nodes, tuple(Edge(f"n{n}", f"n{n + 1}") for n in range(29))))
    assert {spot.x for _, spot in drawing.nodes} == {drawing.width / 2}
    assert all(len(way.points) == 2 for way in drawing.ways)


def test_the_two_ways_of_a_fork_stand_even() -> None:
    nodes = tuple(Node(key, "send", key) for key in ("top", "left", "right"))
    drawing = draw(Graph(nodes, (Edge("top", "left", "otherwise"), Edge("top", "right", "otherwise"))))
    top, left, right = (spot.x for _, spot in drawing.nodes)
    assert left < top < right
    assert abs((left + right) / 2 - top) <= 1


def test_a_single_thing_stands_at_nought() -> None:
    meant = Graph((Node("a", "send", "a"),), ())
    made = layers(meant)
    near = links(made)
    assert place(order(made, near), near, lambda *_: 10.0) == {"a": 0.0}


@given(st.text(max_size=200), st.floats(40, 300), st.integers(1, 4))
def test_lines_fit_and_lose_nothing_but_what_there_is_no_room_for(text: str, room: float, lines: int) -> None:
    found = wrap(text, 13, room, lines)
    assert len(found) <= lines
    assert all(width(line, 13) <= room for line in found)
    whole, shown = "".join(text.split()), "".join("".join(found).split())
    assert shown == whole or (shown.endswith("…") and whole.startswith(shown[:-1].rstrip()))


def test_a_long_name_breaks_behind_a_hyphen() -> None:
    assert wrap("the-name-of-a-template-that-is-far-too-long", 13, 150, 3)[0].endswith("-")
