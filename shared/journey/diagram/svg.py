"""Svg: a journey as one picture, which browsers, editors and printers read; the last in the flow of diagrams.

Light or dark as the reader's system is; every step and way says in words what it is, for those who listen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from shared.journey.definition import JourneyDefinition
from shared.journey.diagram.boxes import ICON, MARGIN
from shared.journey.diagram.drawing import Drawing, Placed, Way, draw
from shared.journey.diagram.graph import Edge, Node, graph
from shared.journey.diagram.head import head
from shared.journey.diagram.marks import cut, number, plain, rectangle, rounded, texts
from shared.journey.diagram.style import ROOT, look_of, stylesheet

_BORDER = 28.0
_ARROW = 7.0
_RADIUS = {"card": 8.0, "soft": 20.0, "round": 26.0}


def svg(journey: JourneyDefinition) -> str:
    """Return the diagram of a journey; the same journey always gives the same text. Raises nothing."""
    meant = graph(journey)
    drawing = draw(meant)
    top = head(journey, drawing.width)
    width = max(drawing.width, top.width) + 2 * _BORDER
    height = drawing.height + top.height + 2 * _BORDER
    right, down = (width - drawing.width) / 2, _BORDER + top.height
    return "\n".join(
        (
            _opening(journey, width, height, frozenset(node.kind for node in meant.nodes)),
            f'<g transform="translate({number(_BORDER)} {number(_BORDER)})">{top.marks}</g>',
            f'<g transform="translate({number(right)} {number(down)})">',
            *map(_way, drawing.ways),
            *_nodes(drawing),
            "</g>",
            "</svg>\n",
        )
    )


def _opening(journey: JourneyDefinition, width: float, height: float, kinds: frozenset[str]) -> str:
    size = f'width="{number(width)}" height="{number(height)}" viewBox="0 0 {number(width)} {number(height)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{ROOT}" role="graphics-document document" {size}>\n'
        f"<title>{plain(journey.title)}</title>\n"
        f"<desc>{plain(f'{journey.canonical}. {journey.description}'.strip())}</desc>\n"
        f"<style>{stylesheet(kinds)}</style>\n"
        f'<rect class="page" width="100%" height="100%"/>'
    )


def _nodes(drawing: Drawing) -> list[str]:
    out: Mapping[str, list[Edge]] = defaultdict(list)
    for way in drawing.ways:
        out[way.edge.source].append(way.edge)
    return [_node(node, spot, out[node.key]) for node, spot in drawing.nodes]


def _node(node: Node, spot: Placed, out: Sequence[Edge]) -> str:
    look, box = look_of(node.kind), spot.box
    place = (spot.left, spot.y, box.width, box.height)
    if look.shape == "cut":
        outline = cut("box", place, 12.0)
    else:
        outline = rectangle("box", place, min(_RADIUS[look.shape], box.height / 2))
    height = sum(text.height for text in box.texts) + 3 * (len(box.texts) - 1)
    small = node.kind == "over"
    left = spot.left + (34.0 if small else ICON)
    words = texts(box.texts, left, spot.y + (box.height - height) / 2)
    named = f' data-step="{plain(node.step)}"' if node.step else ""
    return (
        f'<g class="node k-{plain(node.kind)}" role="graphics-symbol img"{named}>'
        f"<title>{plain(node.heading)}</title><desc>{plain(_said(node, out))}</desc>"
        f"{outline}{_badge(look.icon, spot, 9.0 if small else 14.0)}{words}</g>"
    )


def _badge(icon: str, spot: Placed, radius: float) -> str:
    x, y = spot.left + radius + (6.0 if radius < MARGIN else 10.0), spot.y + spot.box.height / 2
    scale = radius / 14.0 * 0.9
    corner = f"{number(x - 10 * scale)} {number(y - 10 * scale)}"
    return (
        f'<circle class="badge" cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"/>'
        f'<path class="icon" transform="translate({corner}) scale({scale:.2f})" d="{icon}"/>'
    )


def _said(node: Node, out: Sequence[Edge]) -> str:
    kind = node.kind.replace("_", " ")
    name = f"Step {node.step}, {kind}." if node.step else f"{kind.capitalize()}."
    ways = [f"{edge.label or 'Then'}: {_target(edge)}." for edge in out]
    return " ".join(filter(None, (name, node.detail, *ways)))


def _target(edge: Edge) -> str:
    return "the end" if edge.target.startswith("@") else edge.target


def _way(way: Way) -> str:
    edge = way.edge
    told = f"{edge.source.lstrip('@')} to {_target(edge)}" + (f": {edge.label}" if edge.label else "")
    ends = f'data-from="{plain(edge.source)}" data-to="{plain(edge.target)}" data-field="{plain(edge.field)}"'
    return (
        f'<g class="way{" back" if way.back else ""}" {ends}><title>{plain(told)}</title>'
        f'<path class="line" d="{rounded(_short_of_arrow(way))}"/>{_arrow(way)}{_pill(way.pill)}</g>'
    )


def _short_of_arrow(way: Way) -> Sequence[tuple[float, float]]:
    x, y = way.points[-1]
    return (*way.points[:-1], (x, y - _ARROW + 1))


def _arrow(way: Way) -> str:
    x, y = way.points[-1]
    left, right, high = number(x - 4.5), number(x + 4.5), number(y - _ARROW - 1)
    return f'<path class="arrow" d="M{left} {high}L{right} {high}L{number(x)} {number(y)}z"/>'


def _pill(spot: Placed | None) -> str:
    if spot is None:
        return ""
    box = spot.box
    place = (spot.left, spot.y, box.width, box.height)
    words = texts(box.texts, spot.x, spot.y + (box.height - box.texts[0].height) / 2, middle=True)
    return rectangle("pill", place, min(12.0, box.height / 2)) + words
