"""Layers: which box stands in which row, the pills and bends between them, and which ways lead back up.

Follows graph in the flow of diagrams. Steps stand in the even rows, by the longest way from the entry; the
labels of ways in the odd ones, as pills. Ways over several rows to the same box share one trunk of bends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from shared.journey.diagram.graph import Edge, Graph

type Key = str
"""Of a box: of a node, of a pill, of a bend."""

DOWN, UP, PILL = "@down", "@up", "@pill"
"""Begin the keys of bends and pills; no step's id does."""


class Chain(Struct, frozen=True):
    """The way of one edge, from box to box; the first is its source, the last its target."""

    edge: Edge
    keys: tuple[Key, ...]
    back: bool
    """It leads back up."""


class Layers(Struct, frozen=True):
    """Everything that has a place in a row."""

    rows: tuple[tuple[Key, ...], ...]
    """Top to bottom; inside a row in the order in which things were found."""
    row: Mapping[Key, int]
    chains: tuple[Chain, ...]
    """One for each edge, in the order of the graph."""


def layers(graph: Graph) -> Layers:
    """Give every box its row. Linear in the ways but for those that go against the author's order."""
    back = _leading_back(graph)
    ranks = _ranks(graph, [edge for n, edge in enumerate(graph.edges) if n not in back])
    row: dict[Key, int] = {key: 2 * rank for key, rank in ranks.items()}
    chains = []
    for n, edge in enumerate(graph.edges):
        chain = _chain(n, edge, row, back=n in back)
        for key, at in chain:
            row.setdefault(key, at)
        chains.append(Chain(edge, tuple(key for key, _ in chain), n in back))
    rows: list[list[Key]] = [[] for _ in range(max(row.values()) + 1)]
    for key, at in row.items():
        rows[at].append(key)
    return Layers(tuple(map(tuple, rows)), row, tuple(chains))


def _leading_back(graph: Graph) -> frozenset[int]:
    """Return the edges without which nothing goes round: such as lead to an earlier step, where possible."""
    place = {node.key: n for n, node in enumerate(graph.nodes)}
    forward: dict[Key, set[Key]] = defaultdict(set)
    against: list[int] = []
    for n, edge in enumerate(graph.edges):
        if place[edge.source] < place[edge.target]:
            forward[edge.source].add(edge.target)
        else:
            against.append(n)
    found: set[int] = set()
    for n in against:
        edge = graph.edges[n]
        if _leads(forward, edge.target, edge.source):
            found.add(n)
        else:
            forward[edge.source].add(edge.target)
    return frozenset(found)


def _leads(ways: Mapping[Key, set[Key]], start: Key, end: Key) -> bool:
    seen, ahead = {start}, [start]
    while ahead:
        here = ahead.pop()
        if here == end:
            return True
        new = ways.get(here, set()) - seen
        seen |= new
        ahead.extend(new)
    return False


def _ranks(graph: Graph, edges: Iterable[Edge]) -> dict[Key, int]:
    """Return the length of the longest way to each node."""
    after: dict[Key, list[Key]] = defaultdict(list)
    missing: dict[Key, int] = defaultdict(int)
    for edge in edges:
        after[edge.source].append(edge.target)
        missing[edge.target] += 1
    ready = [node.key for node in graph.nodes if not missing[node.key]]
    ranks = dict.fromkeys(ready, 0)
    for key in ready:  # grows while it is walked
        for target in after[key]:
            ranks[target] = max(ranks.get(target, 0), ranks[key] + 1)
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    return {node.key: ranks[node.key] for node in graph.nodes}


def _chain(n: int, edge: Edge, row: Mapping[Key, int], *, back: bool) -> Sequence[tuple[Key, int]]:
    """Return everything on the way of an edge, each with its row."""
    start, end = row[edge.source], row[edge.target]
    chain = [(edge.source, start)]
    if edge.label:
        start += 1
        chain.append((f"{PILL}:{n}", start))
    if back:
        chain += [(f"{UP}:{edge.target}:{at}", at) for at in range(start, end - 1, -1)]
    else:
        chain += [(f"{DOWN}:{edge.target}:{at}", at) for at in range(start + 1, end)]
    return (*chain, (edge.target, end))


def is_bend(key: Key) -> bool:
    """Say whether this is only a bend of a way, without a size."""
    return key.startswith((DOWN, UP))
