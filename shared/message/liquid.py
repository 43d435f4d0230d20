"""Liquid sources: parsed once, checked against the closed set of objects, rendered with author's faults.

python-liquid (https://jg-rp.github.io/liquid/) is imported when the first template is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from shared.errors import AuthorFault
from shared.message.fields import FIELDS
from shared.message.sandbox import FILTERS, environment

if TYPE_CHECKING:
    from liquid import BoundTemplate


def parse(source: str, *, html: bool) -> BoundTemplate:
    """Parse a source. Raises AuthorFault."""
    from liquid.exceptions import LiquidError

    try:
        return environment(html=html).from_string(source)
    except LiquidError as error:
        raise AuthorFault(_first_line(error)) from None


def problems_of(source: str, *, html: bool) -> Iterator[tuple[str, str]]:
    """Walk what is wrong with a source, as (what, expected)."""
    try:
        found = parse(source, html=html).analyze()
    except AuthorFault as fault:
        yield fault.reason, "Liquid"
        return
    for name in found.filters:
        if name not in FILTERS:
            yield f"there is no filter {name}", f"one of {', '.join(sorted(FILTERS))}"
    for name, uses in found.globals.items():
        for use in uses:
            yield from _unknown(name, list(use.segments))


def render(template: BoundTemplate, objects: Mapping[str, object]) -> str:
    """Render. Raises AuthorFault, whose reason names variables but never a value."""
    from liquid.exceptions import LiquidError, UndefinedError

    try:
        return template.render(**objects).strip()
    except UndefinedError as error:
        raise AuthorFault(_first_line(error)) from None
    except LiquidError as error:
        raise AuthorFault(f"cannot be rendered: {type(error).__name__}") from None


def _unknown(name: str, segments: list[object]) -> Iterator[tuple[str, str]]:
    if name not in FIELDS:
        yield f"there is no object {name}", f"one of {', '.join(FIELDS)}"
    elif len(segments) > 2 or any(str(segment) not in FIELDS[name] for segment in segments[1:]):
        path = ".".join(part if isinstance(part, str) else "[…]" for part in segments)
        yield f"there is no field {path}", f"one of {', '.join(FIELDS[name])}"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
