"""Turn what is stored into JSON that others can read: names for fields, and ISO 8601 for instants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from msgspec import Struct
from msgspec.structs import fields

from shared.fhir.instants import Instant, iso
from shared.patient.facts import Facts


def readable(value: object) -> Any:
    """Return an object of dictionaries, lists, texts and numbers; instants are ISO 8601 in UTC."""
    match value:
        case Facts():
            return [readable(fact) for fact in value]
        case Struct():
            return {name: _field(getattr(value, name), at) for name, at in _fields(type(value))}
        case Mapping():
            return {str(name): readable(each) for name, each in value.items()}
        case str() | int() | float() | None:
            return value
        case bytes():
            return value.decode("utf-8", "replace")
        case Iterable():
            return [readable(each) for each in value]
    return str(value)


def _field(value: object, instant: bool) -> Any:
    if not instant or not isinstance(value, int):
        return readable(value)
    try:
        return iso(Instant(value))
    except (OverflowError, ValueError):  # outside of any calendar: microseconds since 1970 as they are
        return value


@cache
def _fields(kind: type[Struct]) -> tuple[tuple[str, bool], ...]:
    """Return the names of a Struct's fields, and whether each is an instant."""
    return tuple((field.name, _is_instant(field.type)) for field in fields(kind))


def _is_instant(kind: object) -> bool:
    if get_origin(kind) in (Union, UnionType):
        return any(_is_instant(part) for part in get_args(kind))
    return kind is Instant
