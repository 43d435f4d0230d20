"""The Liquid environment that templates run in: closed, bounded, deterministic.

No files, no includes, no clock (Liquid's own `now`, `today` and `date` would read one), no filter that
undoes escaping; an undefined variable is an error; loops, output and variables have limits.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from shared.message.locales import local_date, local_time

if TYPE_CHECKING:
    from liquid import Environment

TAGS = frozenset(
    {
        *(
            "literal",
            "output",
            "illegal",
            "#",
            "comment",
            "doc",
        ),  # the first three are Liquid's own machinery
        *("if", "unless", "case", "for", "break", "continue", "assign", "capture"),
    }
)
FILTERS = frozenset(
    {
        *("append", "prepend", "capitalize", "downcase", "upcase", "strip", "lstrip", "rstrip", "squish"),
        *(
            "replace",
            "replace_first",
            "remove",
            "truncate",
            "truncatewords",
            "split",
            "join",
            "first",
            "last",
        ),
        *("escape", "url_encode", "default", "size", "plus", "minus", "times", "local_date", "local_time"),
    }
)
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
    made.add_filter("local_date", local_date)
    made.add_filter("local_time", local_time)
    made.tags = {name: tag for name, tag in made.tags.items() if name in TAGS}
    made.filters = {name: function for name, function in made.filters.items() if name in FILTERS}
    return made
