"""Boxes: how large everything is, and which lines of text it holds.

Follows layers in the flow of diagrams. All steps have the same width, so that they stand in columns.
"""

from __future__ import annotations

from msgspec import Struct

from shared.journey.diagram.graph import Edge, Node
from shared.journey.diagram.text import width, wrap

CARD = 252.0
"""Width of a step."""
ICON = 46.0
"""What its icon takes of that, on the left."""
MARGIN = 14.0
"""Around text."""
HEADING, DETAIL, NAME, LABEL = 13.0, 12.0, 11.0, 11.5
"""Sizes of fonts."""
LEADING = 1.32
"""From line to line, in sizes of the font."""
_ROOM = CARD - ICON - MARGIN
_LABEL_ROOM = 176.0
_PILL_PADDING = 11.0


class Text(Struct, frozen=True):
    """Lines of one style."""

    lines: tuple[str, ...]
    size: float
    style: str

    @property
    def height(self) -> float:
        """Return it in pixels."""
        return len(self.lines) * self.size * LEADING


class Box(Struct, frozen=True):
    """What is drawn in one place."""

    width: float
    height: float
    texts: tuple[Text, ...] = ()


def node_box(node: Node) -> Box:
    """Return the box of a step, of the entry or of an end."""
    if node.kind == "over":
        lines = Text((node.heading,), LABEL, "label")
        return Box(width(node.heading, LABEL) + 44, 28.0, (lines,))
    texts = [Text(wrap(node.heading, HEADING, _ROOM, 4, bold=True), HEADING, "heading")]
    if node.detail:
        texts.append(Text(wrap(node.detail, DETAIL, _ROOM, 3), DETAIL, "detail"))
    if node.step:
        texts.append(Text(wrap(node.step, NAME, _ROOM, 2), NAME, "name"))
    height = sum(text.height for text in texts) + 2 * MARGIN - 6 + 3 * (len(texts) - 1)
    return Box(CARD, max(height, 50.0), tuple(texts))


def pill_box(edge: Edge) -> Box:
    """Return the box of a way's label."""
    lines = wrap(edge.label, LABEL, _LABEL_ROOM, 4)
    widest = max((width(line, LABEL) for line in lines), default=0.0)
    text = Text(lines, LABEL, "label")
    return Box(widest + 2 * _PILL_PADDING, text.height + 9.0, (text,))
