"""Charts of a dry run as inline SVG: bars in stacks, and lines; every mark tells its figure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 760, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 12, 14, 30
_PLOT_WIDTH, _PLOT_HEIGHT = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
_LABELS = 12
"""About so many fit below a chart."""
COLOURS = 6
"""Series that have a colour of their own; the page names them --c0 and so on."""

type Series = Mapping[str, Sequence[int]]


def bars(title: str, labels: Sequence[str], series: Series) -> str:
    """Draw bars, one for each label, in which the series stand on one another."""
    totals = [sum(values) for values in zip(*series.values(), strict=True)]
    top = ceiling(max(totals, default=0))
    drawn = "".join(_stack(labels, series, at, top) for at in range(len(labels)))
    return _chart(title, labels, top, drawn) + legend(series)


def lines(title: str, labels: Sequence[str], series: Series) -> str:
    """Draw a line for each series."""
    top = ceiling(max((value for values in series.values() for value in values), default=0))
    drawn = "".join(
        f'<polyline class="s{n % COLOURS}" points="{_points(values, top)}">'
        f"<title>{escape(name)}: at most {max(values, default=0)}</title></polyline>"
        for n, (name, values) in enumerate(series.items())
    )
    return _chart(title, labels, top, drawn) + legend(series)


def legend(series: Series) -> str:
    """Name the colours, where there is more than one."""
    if len(series) < 2:
        return ""
    named = (f'<li><i class="k{n % COLOURS}"></i>{escape(name)}</li>' for n, name in enumerate(series))
    return f'<ul class="legend">{"".join(named)}</ul>'


def ceiling(most: int) -> int:
    """Return a round number that is no less, to end the axis at, that has a quarter."""
    if most <= 20:
        return max(-(-most // 4), 1) * 4
    power = int(10 ** (math.floor(math.log10(most)) - 1))
    return next(power * step for step in (12, 16, 20, 24, 32, 40, 48, 60, 80, 100) if power * step >= most)


def _chart(title: str, labels: Sequence[str], top: int, drawn: str) -> str:
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title, quote=True)}">{_grid(top)}{drawn}{_axis(labels)}</svg></figure>'
    )


def _grid(top: int) -> str:
    return "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="y" x="{_LEFT - 6}" y="{y + 4:.1f}">{value:,}</text>'
        for value, y in ((top * n // 4, _height(top * n // 4, top)) for n in range(5))
    )


def _axis(labels: Sequence[str]) -> str:
    """Write every so manieth label below."""
    every = max(-(-len(labels) // _LABELS), 1)
    return "".join(
        f'<text class="x" x="{_middle(at, len(labels)):.1f}" y="{HEIGHT - 10}">{escape(label)}</text>'
        for at, label in enumerate(labels)
        if at % every == 0
    )


def _stack(labels: Sequence[str], series: Series, at: int, top: int) -> str:
    return "".join(_segments(labels[at], series, at, top, len(labels)))


def _segments(label: str, series: Series, at: int, top: int, count: int) -> Iterator[str]:
    below, wide = 0, _PLOT_WIDTH / max(count, 1)
    gap = min(wide * 0.2, 3)
    for n, (name, values) in enumerate(series.items()):
        value = values[at]
        if not value:
            continue
        upper, lower = _height(below + value, top), _height(below, top)
        below += value
        yield (
            f'<rect class="f{n % COLOURS}" x="{_LEFT + at * wide + gap / 2:.1f}" y="{upper:.1f}" '
            f'width="{max(wide - gap, 0.5):.1f}" height="{max(lower - upper, 0.5):.1f}">'
            f"<title>{escape(label)}, {escape(name)}: {value:,}</title></rect>"
        )


def _points(values: Sequence[int], top: int) -> str:
    return " ".join(
        f"{_middle(at, len(values)):.1f},{_height(value, top):.1f}" for at, value in enumerate(values)
    )


def _middle(at: int, count: int) -> float:
    return _LEFT + (at + 0.5) * _PLOT_WIDTH / max(count, 1)


def _height(value: float, top: int) -> float:
    return _TOP + _PLOT_HEIGHT * (1 - value / top)
