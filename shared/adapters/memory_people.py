"""Search of Patients as the FHIR server in memory knows it: identifier, name, birth date, phone, email."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

type Params = Mapping[str, str | Sequence[str]]

PEOPLE_PARAMETERS = frozenset({"identifier", "name", "birthdate", "phone", "email", "_count"})


def is_such_person(resource: Mapping[str, object], params: Params) -> bool:
    """Say whether a Patient is found: every value must hold, of those joined by "," one."""
    return all(
        any(_holds(resource, name, either) for either in _alternatives(value))
        for name, values in params.items()
        if name != "_count"
        for value in ([values] if isinstance(values, str) else values)
    )


def _holds(resource: Mapping[str, object], name: str, wanted: str) -> bool:
    match name:
        case "identifier":
            system, bar, value = _token(wanted)
            return any(
                each.get("value") == value and (not bar or each.get("system") == system)
                for each in _list(resource, "identifier")
            )
        case "name":
            sought = _plain(wanted).lower()
            return any(part.lower().startswith(sought) for part in _names(resource))
        case "birthdate":
            return str(resource.get("birthDate", "")).startswith(wanted)
    return any(
        each.get("system") == name and each.get("value") == _plain(wanted)
        for each in _list(resource, "telecom")
    )


def _alternatives(value: str) -> list[str]:
    return re.split(r"(?<!\\),", value)


def _token(text: str) -> tuple[str, str, str]:
    parts = re.split(r"(?<!\\)\|", text, maxsplit=1)
    return (_plain(parts[0]), "|", _plain(parts[1])) if len(parts) == 2 else ("", "", _plain(text))


def _plain(text: str) -> str:
    return re.sub(r"\\([$,|\\])", r"\1", text)


def _names(resource: Mapping[str, object]) -> Iterator[str]:
    for name in _list(resource, "name"):
        for part in ("family", "given", "text", "prefix"):
            held = name.get(part)
            yield from (str(each) for each in (held if isinstance(held, list) else [held]) if each)


def _list(resource: Mapping[str, object], name: str) -> Iterator[Mapping[str, object]]:
    held = resource.get(name)
    yield from (each for each in (held if isinstance(held, list) else []) if isinstance(each, dict))
