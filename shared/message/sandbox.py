"""The Liquid environment that templates run in: closed, bounded, deterministic.

No files, no includes, no clock (Liquid's own `now`, `today` and `date` would read one), no filter that
undoes escaping; an undefined variable is an error; loops, output and variables have limits.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from liquid import Environment

_MACHINERY = ("content", "output", "illegal", "comment", "#", "doc")
TAGS = frozenset(
    (*_MACHINERY, "if", "unless", "case", "for", "break", "continue", "assign", "capture"),
)
_TEXT = ("append", "prepend", "capitalize", "downcase", "upcase", "strip", "squish", "replace", "remove")
_SIZE = ("truncate", "truncatewords", "size", "split", "join", "first", "last", "plus", "minus", "times")
_ESCAPE = ("escape", "url_encode", "default")
FILTERS = frozenset((*_TEXT, *_SIZE, *_ESCAPE))
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
    return made
