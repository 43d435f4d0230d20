"""Head: what stands over the diagram: the title, what the journey is for, who gets in and how they get out.

Used by svg.
"""

from __future__ import annotations

from msgspec import Struct

from shared.journey.definition import JourneyDefinition
from shared.journey.diagram.boxes import LEADING, Text
from shared.journey.diagram.marks import texts
from shared.journey.diagram.text import wrap
from shared.journey.outline import outline

_NARROWEST, _WIDEST = 560.0, 900.0
_LABEL = 96.0
_BELOW = 26.0


class Head(Struct, frozen=True):
    """The marks, from 0 0 at their top left, and the room they take in pixels."""

    marks: str
    width: float
    height: float


def head(journey: JourneyDefinition, room: float) -> Head:
    """Return what stands over a diagram of this width."""
    width = min(max(room, _NARROWEST), _WIDEST)
    blocks = [
        Text(wrap(journey.title, 22, width, 3, bold=True), 22, "title"),
        Text(wrap(journey.canonical, 11, width * 0.9, 2), 11, "canonical"),
    ]
    if journey.description:
        blocks.append(Text(wrap(journey.description, 13, width, 6), 13, "description"))
    marks = [texts(blocks, 0, 0)]
    y = sum(block.height + 3 for block in blocks) + 8
    for line in outline(journey):
        fact = Text(wrap(line.text, 13, width - _LABEL, 4), 13, "fact")
        marks.append(texts([Text((line.label,), 13, "fact-label")], 0, y))
        marks.append(texts([fact], _LABEL, y))
        y += max(fact.height, 13 * LEADING) + 3
    return Head("".join(marks), width, y + _BELOW)
