"""Saying what is wrong in a definition: pydantic's findings as Problems with path, fault and expectation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAliasType, get_args

from pydantic import BaseModel, ValidationError

from shared.errors import Problem
from shared.segment.criteria.language import FAMILIES, MARK

_FAULTS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "union_tag_not_found": "is not one criterion",
    "union_tag_invalid": "is no criterion",
    "literal_error": "is none of the words known here",
    "string_type": "is not text",
    "int_type": "is not a whole number",
    "int_from_float": "is not a whole number",
    "bool_type": "is neither true nor false",
    "model_type": "is not a mapping",
    "model_attributes_type": "is not a mapping",
    "too_short": "is empty",
    "string_too_short": "is empty",
}
_EXPECTED = {
    "missing": "a value",
    "string_type": "text, in quotes where YAML reads it as something else",
    "int_type": "digits only",
    "bool_type": "true or false",
    "too_short": "at least one",
    "string_too_short": "text",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
}


_HIDDEN = frozenset({"steps", "is_"})
"""Fields that authors never write, as a word or a list stands for the model that has them."""


def problems(error: ValidationError, model: type[BaseModel], where: str) -> Iterator[Problem]:
    """Turn each finding into a Problem; `where` (the file) comes before each path, which repeat no more."""
    seen: set[tuple[str, str]] = set()
    for detail in error.errors():
        location = tuple(detail["loc"])
        path = _path(location)
        problem = Problem(
            f"{where}: {path}" if path else where,
            _FAULTS.get(detail["type"], detail["msg"].removeprefix("Value error, ")),
            _expected(detail["type"], detail.get("ctx", {}), location, model),
        )
        if (problem.where, problem.what) not in seen:
            seen.add((problem.where, problem.what))
            yield problem


def _path(location: tuple[str | int, ...]) -> str:
    """Write a path as authors do, criteria.all[1].has: without what names a branch of a union."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part not in _HIDDEN and not part.startswith((MARK, "tuple[", "literal[", "function")):
            text += f".{part}" if text else part
    return text


def _expected(
    kind: str, context: Mapping[str, object], location: tuple[str | int, ...], model: type[BaseModel]
) -> str:
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return f"a mapping with one word of {', '.join(FAMILIES)}"
    if kind == "extra_forbidden":
        return f"one of {', '.join(_keys(_model_at(model, location[:-1])))}"
    return str(context.get("expected") or _EXPECTED.get(kind, ""))


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_at(model: type[BaseModel], location: tuple[str | int, ...]) -> type[BaseModel]:
    """Follow a path from model to model."""
    for part in location:
        if isinstance(part, str) and part.startswith(MARK):
            model = FAMILIES[part.removeprefix(MARK)]
        elif isinstance(part, str):
            found = (f for name, f in model.model_fields.items() if part in (name, f.alias))
            model = next((m for field in found for m in _models(field.annotation)), model)
    return model


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, TypeAliasType):
        annotation = annotation.__value__
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
