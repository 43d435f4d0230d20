"""The Liquid environment that templates run in: closed, bounded, deterministic.

No files, no includes, no clock (Liquid's own `now`, `today` and `date` would read one), no filter that
undoes escaping; an undefined variable is an error; loops, output and variables have limits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from shared.message.locales import long_date

if TYPE_CHECKING:
    from liquid import Environment, RenderContext

_MACHINERY = ("content", "output", "illegal", "comment", "#", "doc")
TAGS = frozenset(
    (*_MACHINERY, "if", "unless", "case", "for", "break", "continue", "assign", "capture"),
)
_TEXT = ("append", "prepend", "capitalize", "downcase", "upcase", "strip", "squish", "replace", "remove")
_SIZE = ("truncate", "truncatewords", "size", "split", "join", "first", "last", "plus", "minus", "times")
_ESCAPE = ("escape", "url_encode", "default")
_OWN = ("link", "date_long")
FILTERS = frozenset((*_TEXT, *_SIZE, *_ESCAPE, *_OWN))
LINK, LOCALE = "%link", "%locale"
"""What our own filters are told, under names that no template can write: who makes links, who reads."""
MOST_ITERATIONS = 1_000
MOST_OUTPUT_BYTES = 100_000
MOST_VARIABLE_BYTES = 50_000


@cache
def environment(*, html: bool) -> Environment:
    """Return the environment for plain text, or for HTML where every value is escaped."""
    from liquid import Environment, StrictUndefined  # deferred: a tenth of a second of import time

    class Sandbox(Environment):
        loop_iteration_limit = MOST_ITERATIONS
        output_stream_limit = MOST_OUTPUT_BYTES
        local_namespace_limit = MOST_VARIABLE_BYTES

    made = Sandbox(undefined=StrictUndefined, autoescape=html)
    made.tags = {name: tag for name, tag in made.tags.items() if name in TAGS}
    made.filters = {name: function for name, function in made.filters.items() if name in FILTERS}
    made.filters["link"] = _with_context(_link)
    made.filters["date_long"] = _with_context(_date_long)
    return made


def _with_context(filter_: Callable[..., object]) -> Callable[..., object]:
    from liquid.filter import with_context

    return with_context(filter_)


def _link(target: object, *, context: RenderContext) -> str:
    """Return a short link that leads to `target` and counts who follows it; itself where there are none."""
    make = context.resolve(LINK, default=None)
    return (make(str(target)) if make is not None else "") or str(target)


def _date_long(day: object, *, context: RenderContext) -> str:
    """Write a day that is given as 2026-03-05 out in full, in the reader's language."""
    from liquid.exceptions import FilterArgumentError

    try:
        return long_date(date.fromisoformat(str(day)), str(context.resolve(LOCALE, default="en")))
    except ValueError:
        raise FilterArgumentError("date_long wants a day such as 2026-03-05", token=None) from None
