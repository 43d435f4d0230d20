"""Style: a colour, a shape and an icon for each kind of step, for light pages and dark ones.

Used by svg. Colours are said twice, plainly, as viewers of SVG that are no browsers know no variables; those
also ignore the media query, and draw the light ones.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Look(Struct, frozen=True):
    """How a kind of step looks."""

    light: str
    dark: str
    icon: str
    """Lines on a ground of 20 by 20, as the d of a path."""
    shape: str = "card"
    """card, soft (rounder), cut (corners cut off) or round."""


_CLOCK = "M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14M10 6v4.2l2.8 1.8"
_GLASS = "M5 3h10M5 17h10M6 3v2.6l4 4.4 4-4.4V3M6 17v-2.6l4-4.4 4 4.4V17"
_PLANE = "M3 9.5L17 3l-4.5 14-3-5.6zM9.5 11.4L17 3"
_FORK = "M10 3v5M10 8l-5 5v4M10 8l5 5v4"
_SHUFFLE = "M3 5h3l7 10h4M3 15h3l2-3M11 8l2-3h4M15 3l2 2-2 2M15 13l2 2-2 2"
_CLIPBOARD = "M5 4h10v13H5zM8 2.5h4v3H8zM7.5 11l2 2 3.2-4"
_CALENDAR = "M4 5.5h12v11H4zM4 9h12M7 3.5v3.5M13 3.5v3.5M8 12.8l1.6 1.6 2.8-2.8"
_PEN = "M4 16l1-4 9-9 3 3-9 9zM12 5l3 3"
_BELL = "M5 14h10l-1.5-2.5V9a3.5 3.5 0 0 0-7 0v2.5zM8.5 16.5h3M10 3.5v2"
_LINK = "M8.5 11.5l3-3M7 9l-2.5 2.5a2.8 2.8 0 0 0 4 4L11 13M13 11l2.5-2.5a2.8 2.8 0 0 0-4-4L9 7"
_PLAY = "M7 4.5l8.5 5.5L7 15.5z"
_STOP = "M5.5 5.5h9v9h-9z"
_OUT = "M11 3H5v14h6M9 10h8M14 7l3 3-3 3"
_IN = "M9 3h6v14H9M3 10h8M8 7l3 3-3 3"
_TICK = "M4.5 10.5l3.8 3.8L15.5 6.5"
_FORM = "M5 3h10v14H5zM7.5 6.5h1M10.5 6.5h2.5M7.5 10h1M10.5 10h2.5M7.5 13.5h1M10.5 13.5h2.5"
_DOT = "M10 8a2 2 0 1 0 0 4a2 2 0 1 0 0-4"

LOOKS: Mapping[str, Look] = {
    "entry": Look("#0f766e", "#2dd4bf", _IN, "round"),
    "send": Look("#1d4ed8", "#60a5fa", _PLANE),
    "survey": Look("#6d28d9", "#a78bfa", _FORM),
    "wait": Look("#b45309", "#fbbf24", _CLOCK, "soft"),
    "wait_for": Look("#7e22ce", "#c084fc", _GLASS, "soft"),
    "branch": Look("#be185d", "#f472b6", _FORK, "cut"),
    "split": Look("#0e7490", "#22d3ee", _SHUFFLE, "cut"),
    "task": Look("#4d7c0f", "#a3e635", _CLIPBOARD),
    "write": Look("#15803d", "#4ade80", _PEN),
    "appointment": Look("#0369a1", "#38bdf8", _CALENDAR),
    "notify": Look("#c2410c", "#fb923c", _BELL),
    "webhook": Look("#4338ca", "#a5b4fc", _LINK),
    "start": Look("#0f766e", "#2dd4bf", _PLAY),
    "end": Look("#9f1239", "#fb7185", _STOP),
    "exit": Look("#475569", "#94a3b8", _OUT, "round"),
    "over": Look("#475569", "#94a3b8", _TICK, "round"),
}
OTHER = Look("#475569", "#94a3b8", _DOT)
"""For a kind that nobody has given a look yet."""

ROOT = "hearthline-journey"
"""Class of the drawing: its rules touch nothing else of a page that it stands in."""

_LIGHT = {
    "page": "#ffffff",
    "card": "#ffffff",
    "ink": "#0f172a",
    "soft": "#475569",
    "line": "#64748b",
    "back": "#0284c7",
    "on": "#ffffff",
    "pill": "#f1f5f9",
}
_DARK = {
    "page": "#0b1220",
    "card": "#172033",
    "ink": "#f1f5f9",
    "soft": "#a8b5c8",
    "line": "#8494ab",
    "back": "#38bdf8",
    "on": "#0b1220",
    "pill": "#22304a",
}
_FONT = "'Helvetica Neue',Arial,'Liberation Sans',Helvetica,sans-serif"
_MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace"


def look_of(kind: str) -> Look:
    """Return how a kind looks; a kind that is not known here looks plain."""
    return LOOKS.get(kind, OTHER)


def stylesheet(kinds: frozenset[str]) -> str:
    """Return the rules for these kinds: shapes and fonts, light colours, and dark ones for dark pages."""
    dark = "".join(_colours(_DARK, {kind: look_of(kind).dark for kind in sorted(kinds)}))
    light = "".join(_colours(_LIGHT, {kind: look_of(kind).light for kind in sorted(kinds)}))
    return f"{''.join(_rules())}{light}@media screen and (prefers-color-scheme:dark){{{dark}}}"


def _rules() -> list[str]:
    return [
        f".{ROOT} text{{font-family:{_FONT}}}",
        f".{ROOT} .title{{font-size:22px;font-weight:700}}",
        f".{ROOT} .heading,.{ROOT} .fact-label{{font-weight:700}}",
        f".{ROOT} .name,.{ROOT} .canonical{{font-family:{_MONO}}}",
        f".{ROOT} .line{{fill:none;stroke-width:1.6;stroke-linejoin:round}}",
        f".{ROOT} .box{{stroke-width:1.5}}",
        f".{ROOT} .icon{{fill:none;stroke-width:1.7;stroke-linecap:round;stroke-linejoin:round}}",
        f".{ROOT} .pill{{stroke-width:1}}",
    ]


def _colours(page: Mapping[str, str], kinds: Mapping[str, str]) -> list[str]:
    return [
        f".{ROOT} .page{{fill:{page['page']}}}",
        f".{ROOT} .title,.{ROOT} .heading,.{ROOT} .label,.{ROOT} .fact{{fill:{page['ink']}}}",
        f".{ROOT} .detail,.{ROOT} .name,.{ROOT} .canonical,.{ROOT} .description,.{ROOT} .fact-label"
        f"{{fill:{page['soft']}}}",
        f".{ROOT} .line{{stroke:{page['line']}}}.{ROOT} .arrow{{fill:{page['line']}}}",
        f".{ROOT} .back .line{{stroke:{page['back']}}}.{ROOT} .back .arrow{{fill:{page['back']}}}",
        f".{ROOT} .box{{fill:{page['card']}}}.{ROOT} .icon{{stroke:{page['on']}}}",
        f".{ROOT} .pill{{fill:{page['pill']};stroke:{page['line']}}}",
        *(f".{ROOT} .k-{k} .box{{stroke:{c}}}.{ROOT} .k-{k} .badge{{fill:{c}}}" for k, c in kinds.items()),
    ]
