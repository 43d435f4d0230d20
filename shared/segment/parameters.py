"""Parameters of a definition: what may differ from use to use, put into the document before it is read.

"$threshold" stands for the value; of a period, "$period" is all of it, "$period.start" and "$period.end" are
its first and last day. A text may hold several ("$period.start - P1Y"). Only declared names are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from shared.authoring import Authored
from shared.errors import Invalid, Problem
from shared.fhir.instants import parse_range, to_datetime
from shared.segment.bound import NAME, as_text, parse_length

type Kind = Literal["number", "integer", "boolean", "text", "words", "date", "period", "duration"]
_USE = re.compile(rf"\$({NAME})(?:\.(start|end))?(?![A-Za-z0-9_])")
_WHOLE_DAY = "%Y-%m-%d"


def _named(text: str) -> str:
    if text == "this":
        raise ValueError('is what FHIRPath calls the item it looks at, "$this"')
    return text


type ParameterName = Annotated[str, Field(pattern=f"^{NAME}$"), AfterValidator(_named)]


class Parameter(Authored):
    """What a parameter is, and what it is when nobody says."""

    type: Kind
    default: Any = None
    """A value of the type: a period is a date or two joined by "/", words are a list."""
    description: str = ""


def bind(document: Mapping[str, object], given: Mapping[str, object], where: str) -> dict[str, object]:
    """Return the document with every parameter replaced. Raises Invalid with every Problem."""
    declared = document.get("parameters")
    problems: list[Problem] = []
    values: dict[str, object] = {}
    for name, parameter in (declared if isinstance(declared, Mapping) else {}).items():
        if isinstance(parameter, Mapping):  # else the definition's own check tells
            values[str(name)] = _value(str(name), parameter, given, where, problems)
    unknown = sorted(set(given) - values.keys())
    known = ", ".join(sorted(values)) or "none: this definition has no parameters"
    problems += (Problem(where, f"there is no parameter {name}", known) for name in unknown)
    if problems:
        raise Invalid(tuple(problems))
    kept = {key: value if key == "parameters" else _put(value, values) for key, value in document.items()}
    return kept


def _value(
    name: str,
    parameter: Mapping[str, object],
    given: Mapping[str, object],
    where: str,
    problems: list[Problem],
) -> object:
    found = given.get(name, parameter.get("default"))
    kind = str(parameter.get("type"))
    place = f"{where}: parameters.{name}"
    if found is None:
        problems.append(Problem(place, "has no value", "a default, or a value where the segment is used"))
        return None
    try:
        return _READ[kind](found) if kind in _READ else found
    except (ValueError, OverflowError):
        problems.append(Problem(place, f"{found} is no {kind}", _EXAMPLES.get(kind, f"a {kind}")))
        return None


def _number(found: object) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        raise ValueError
    return float(found)


def _integer(found: object) -> int:
    if isinstance(found, bool) or not isinstance(found, int | str):
        raise ValueError
    return int(found)


def _boolean(found: object) -> bool:
    if found in (True, "true"):
        return True
    if found in (False, "false"):
        return False
    raise ValueError


def _words(found: object) -> list[str]:
    return [str(one).strip() for one in (found.split(",") if isinstance(found, str) else _list(found))]


def _list(found: object) -> list[object]:
    return list(found) if isinstance(found, list | tuple) else [found]


def _date(found: object) -> str:
    text = str(as_text(found))
    parse_range(text)
    return text


def _duration(found: object) -> str:
    parse_length(str(found))
    return str(found)


def _period(found: object) -> str:
    """Return "first/last", days where days, months or years were given."""
    first, bar, last = str(as_text(found)).partition("/")
    return f"{_edge(first.strip(), 0)}/{_edge((last if bar else first).strip(), 1)}"


def _edge(text: str, side: int) -> str:
    start, beyond = parse_range(text)
    if "T" in text:
        return text
    day = to_datetime(start) if side == 0 else to_datetime(beyond) - timedelta(days=1)
    return day.strftime(_WHOLE_DAY)


_READ: Mapping[str, Any] = {
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "text": str,
    "words": _words,
    "date": _date,
    "period": _period,
    "duration": _duration,
}
_EXAMPLES = {
    "number": "a number such as 9 or 6.5",
    "integer": "digits only",
    "boolean": "true or false",
    "date": "a date such as 2026-01-01",
    "period": "a year, month or day, or two dates: 2026-01-01/2026-12-31",
    "duration": 'an ISO 8601 duration such as "P6M"',
}


def _put(node: object, values: Mapping[str, object]) -> object:
    if isinstance(node, Mapping):
        return {key: _put(value, values) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_put(item, values) for item in node]
    if not isinstance(node, str) or "$" not in node:
        return node
    whole = _USE.fullmatch(node)
    if whole is not None and whole[1] in values and not whole[2]:
        return values[whole[1]]
    return _USE.sub(lambda use: _written(use, values), node)


def _written(use: re.Match[str], values: Mapping[str, object]) -> str:
    name, side = use.groups()
    if name not in values:
        return use[0]
    text = str(values[name])
    first, bar, last = text.partition("/")
    return text if not side or not bar else first if side == "start" else last
