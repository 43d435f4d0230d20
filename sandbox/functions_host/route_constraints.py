"""Inline route constraints ({id:int}, {name:minlength(2)}, …) → a test of the text; pure.

Source: https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import datetime

type Test = Callable[[str], bool]

_CALL = re.compile(r"([a-z]+)(?:\((.*)\))?", re.IGNORECASE | re.DOTALL)
_INT = re.compile(r"[+-]?\d+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


def constraint(text: str) -> Test:
    """Make the test for one inline constraint. Raises ValueError for one that ASP.NET does not have."""
    match = _CALL.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a route constraint")
    name, argument = match[1].lower(), match[2]
    if argument is None and name in _PLAIN:
        return _PLAIN[name]
    if argument is not None and name in _WITH_ARGUMENT:
        return _WITH_ARGUMENT[name](argument)
    raise ValueError(f"{text!r} is not a route constraint")


def _whole(bits: int) -> Test:
    limit = 1 << (bits - 1)
    return lambda text: bool(_INT.fullmatch(text)) and -limit <= int(text) < limit


def _parses(parse: Callable[[str], object]) -> Test:
    def test(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return test


def _length(argument: str) -> Test:
    first, comma, last = argument.partition(",")
    low, high = int(first), int(last if comma else first)
    return lambda text: low <= len(text) <= high


def _range(argument: str) -> Test:
    low, high = (int(part) for part in argument.split(","))
    return lambda text: bool(_INT.fullmatch(text)) and low <= int(text) <= high


def _regex(argument: str) -> Test:
    pattern = re.compile(argument, re.IGNORECASE)
    return lambda text: pattern.search(text) is not None


_PLAIN: dict[str, Test] = {
    "int": _whole(32),
    "long": _whole(64),
    "bool": lambda text: text.lower() in ("true", "false"),
    "guid": _parses(uuid.UUID),
    "datetime": _parses(datetime.fromisoformat),
    "decimal": lambda text: bool(_DECIMAL.fullmatch(text)),
    "double": lambda text: bool(_FLOAT.fullmatch(text)),
    "float": lambda text: bool(_FLOAT.fullmatch(text)),
    "alpha": lambda text: bool(re.fullmatch(r"[a-z]*", text, re.IGNORECASE | re.ASCII)),
    "required": bool,
}

_WITH_ARGUMENT: dict[str, Callable[[str], Test]] = {
    "minlength": lambda argument: _range_of_length(int(argument), None),
    "maxlength": lambda argument: _range_of_length(0, int(argument)),
    "length": _length,
    "min": lambda argument: _at_least(int(argument)),
    "max": lambda argument: _at_most(int(argument)),
    "range": _range,
    "regex": _regex,
}


def _range_of_length(low: int, high: int | None) -> Test:
    return lambda text: low <= len(text) and (high is None or len(text) <= high)


def _at_least(low: int) -> Test:
    return lambda text: bool(_INT.fullmatch(text)) and int(text) >= low


def _at_most(high: int) -> Test:
    return lambda text: bool(_INT.fullmatch(text)) and int(text) <= high
