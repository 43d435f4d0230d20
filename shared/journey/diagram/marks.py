"""Marks: the pieces of an SVG as text; all that authors wrote is escaped here.

Used by svg and head. Nothing here knows of journeys.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from shared.journey.diagram.boxes import LEADING, Text

type Point = tuple[float, float]

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped (https://www.w3.org/TR/xml/#charsets)."""
_CORNER = 8.0
_RISE = 0.78
"""Of a line's size: from its top to the line that letters stand on."""


def plain(text: str) -> str:
    """Return text as XML can hold it, for an element or a quoted attribute."""
    return escape(_FORBIDDEN.sub("\ufffd", text))


def number(value: float) -> str:
    """Write pixels, to a tenth."""
    return f"{round(value, 1) + 0.0:g}" if abs(value) < 100_000 else f"{value:.1f}"


def texts(blocks: Sequence[Text], x: float, y: float, *, middle: bool = False) -> str:
    """Write blocks of lines below each other; `y` is the top, `x` the left or the middle."""
    found = []
    anchor = ' text-anchor="middle"' if middle else ""
    for block in blocks:
        for n, line in enumerate(block.lines):
            base = y + (n * LEADING + _RISE + (LEADING - 1) / 2) * block.size
            found.append(
                f'<text class="{block.style}" font-size="{number(block.size)}" x="{number(x)}"'
                f' y="{number(base)}"{anchor}>{plain(line)}</text>'
            )
        y += block.height + 3
    return "".join(found)


def rounded(points: Sequence[Point]) -> str:
    """Return the d of a path through these corners, each rounded as far as there is room."""
    parts = [f"M{_at(points[0])}"]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(_CORNER, _far(before, here) / 2, _far(here, after) / 2)
        into, out = _toward(here, before, radius), _toward(here, after, radius)
        parts.append(f"L{_at(into)}Q{_at(here)} {_at(out)}")
    return "".join((*parts, f"L{_at(points[-1])}"))


def _at(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"


def _far(one: Point, other: Point) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _toward(start: Point, end: Point, length: float) -> Point:
    whole = _far(start, end) or 1.0
    return (start[0] + (end[0] - start[0]) * length / whole, start[1] + (end[1] - start[1]) * length / whole)


def rectangle(style: str, place: tuple[float, float, float, float], radius: float) -> str:
    """Write a rectangle; `place` is x, y, width, height."""
    x, y, width, height = map(number, place)
    return f'<rect class="{style}" x="{x}" y="{y}" width="{width}" height="{height}" rx="{number(radius)}"/>'


def cut(style: str, place: tuple[float, float, float, float], corner: float) -> str:
    """Write a rectangle without its corners."""
    x, y, width, height = place
    right, low = x + width, y + height
    corners = (
        (x + corner, y),
        (right - corner, y),
        (right, y + corner),
        (right, low - corner),
        (right - corner, low),
        (x + corner, low),
        (x, low - corner),
        (x, y + corner),
    )
    return f'<path class="{style}" d="M{"L".join(map(_at, corners))}z"/>'
