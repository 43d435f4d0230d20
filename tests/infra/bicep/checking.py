"""Whether a value fits the type and decorators of a parameter, as a deployment looks before it begins."""

from __future__ import annotations

from typing import Any

from tests.infra.bicep.project import Scope
from tests.infra.bicep.syntax import ArrayOf, Call, Items, Kind, Literal, Nullable, OneOf, Shape, Simple, Text
from tests.infra.bicep.values import Later, Made, Seen

_PYTHON: dict[str, type] = {"string": str, "int": int, "bool": bool, "array": list, "object": dict}


def check(value: Any, kind: Kind | None, decorators: tuple[Call, ...], scope: Scope) -> str:
    """Return what is wrong with a value; "" if nothing is."""
    return _fits(value, kind, scope) or bound_problem(value, decorators)


def bound_problem(value: Any, decorators: tuple[Call, ...]) -> str:
    """Return which of @allowed, @minLength and their like a value breaks, in words; "" if none."""
    if value is None or isinstance(value, Later):
        return ""
    return next((wrong for call in decorators if (wrong := _bound(value, call))), "")


def _fits(value: Any, kind: Kind | None, scope: Scope) -> str:
    match kind:
        case Nullable(of=inner):
            return "" if value is None else _fits(value, inner, scope)
        case Simple(name=name) if name in _PYTHON:
            value = value.whole() if isinstance(value, Seen) else value
            right = isinstance(value, _PYTHON[name]) and not (name == "int" and isinstance(value, bool))
            given = type(value).__name__
            return (
                ""
                if right or isinstance(value, Later | Made)
                else f"takes {name} and is given {given} {value!r}"
            )
        case Simple(name=name) if name in scope.types:
            return _fits(value, scope.types[name].kind, scope)
        case ArrayOf(of=inner):
            if not isinstance(value, list):
                return f"takes a list and is given {value!r}"
            return next((wrong for each in value if (wrong := _fits(each, inner, scope))), "")
        case OneOf(values):
            return "" if value in values else f"does not allow {value!r}"
        case Shape(fields):
            return _shape(value, dict(fields), scope)
    return ""


def _shape(value: Any, fields: dict[str, Kind], scope: Scope) -> str:
    if not isinstance(value, dict):
        return f"takes an object and is given {value!r}"
    if unknown := set(value) - set(fields):
        return f"has no {', '.join(sorted(unknown))}"
    return next((wrong for key, kind in fields.items() if (wrong := _fits(value.get(key), kind, scope))), "")


def _bound(value: Any, call: Call) -> str:
    bound = call.arguments[0] if call.arguments else None
    if call.name == "allowed" and isinstance(bound, Items):
        allowed = [i.plain if isinstance(i, Text) else getattr(i, "value", None) for i in bound.items]
        return "" if value in allowed else f"does not allow {value!r}"
    if not isinstance(bound, Literal) or not isinstance(bound.value, int):
        return ""
    size = value if isinstance(value, int) else len(value)
    wrong = {"min": size < bound.value, "max": size > bound.value}.get(call.name[:3], False)
    return f"takes {call.name} {bound.value} and is given {value!r}" if wrong else ""
