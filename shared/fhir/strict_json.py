"""JSON from outside, read so that it means one thing only: no duplicate names, no NaN, bounded nesting."""

from __future__ import annotations

import json
import re

import orjson

from shared.errors import Rejected

_BOM = b"\xef\xbb\xbf"
_CONTAINERS = (dict, list)
_NAME_END = re.compile(rb'"[ \t\r\n]*+:')


def decode(body: bytes, max_depth: int) -> object:
    """Decode UTF-8 JSON (a byte order mark is let pass) into dict, list, str, int, float, bool and None.

    Integers of more than 64 bits come as floats. Raises Rejected with the code bad-json.
    """
    text = body.removeprefix(_BOM)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:  # its message quotes nothing, but says where: of no use to us
        raise Rejected("the body is not JSON", "bad-json") from error
    names = _count_names(value, max_depth)
    # Each name is a quote and a colon in the text; a string that starts with a colon only adds to the count,
    # so the exact but slow look is taken when they differ, and only then.
    if len(_NAME_END.findall(text)) != names:
        json.loads(text.decode(), object_pairs_hook=_unique)
    return value


def _count_names(value: object, max_depth: int) -> int:
    """Count the names of all objects, level by level so that no nesting exhausts the stack."""
    names, level = 0, [value]
    for _ in range(max_depth):
        below: list[object] = []
        for node in level:
            if isinstance(node, dict):
                names += len(node)
                below += [child for child in node.values() if isinstance(child, _CONTAINERS)]
            elif isinstance(node, list):
                below += [child for child in node if isinstance(child, _CONTAINERS)]
        if not below:
            return names
        level = below
    raise Rejected("the body is nested too deeply", "bad-json")


def _unique(pairs: list[tuple[str, object]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise Rejected("a name stands twice in one object", "bad-json")
