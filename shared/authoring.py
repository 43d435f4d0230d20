"""From an author's document to a checked model: every mistake reported at once, each with its place.

Used where journeys, templates and segments are read from YAML or JSON, long before anything runs.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from shared.errors import Invalid, Problem
from shared.nearest import fields_at, nearest


class Authored(BaseModel):
    """Base of every authoring model: immutable, and an unknown key is a mistake, not a comment."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def parse_document[Model: Authored](model: type[Model], document: object, where: str) -> Model:
    """Validate a parsed YAML or JSON document; `where` names it. Raises Invalid with every Problem."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_url=False)
    kept = [detail for detail in found if not _follows(detail, found)]
    raise Invalid(tuple(_problem(detail, document, where, model) for detail in kept))


def _follows(detail: ErrorDetails, found: list[ErrorDetails]) -> bool:
    """Say whether a list is too short only because items in it are wrong."""
    size = len(detail["loc"])
    return detail["type"] == "too_short" and any(
        other["loc"][:size] == detail["loc"] and len(other["loc"]) > size for other in found
    )


def _problem(detail: ErrorDetails, document: object, where: str, model: type[Authored]) -> Problem:
    context = detail.get("ctx", {})
    expected = str(context.get("expected") or context.get("expected_tags") or "")
    if detail["type"] == "extra_forbidden":
        *place, name = detail["loc"]
        expected = nearest(str(name), fields_at(model, place))
    path = _path(detail["loc"], document, missing=detail["type"] == "missing")
    return Problem(f"{where}: {path}" if path else where, _sentence(detail), expected)


def _sentence(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is not known here"
        case "too_short":
            return f"needs at least {context.get('min_length', 1)}"
        case "literal_error":
            return "is none of those allowed"
        case "union_tag_invalid":
            return f"there is no such {str(context.get('discriminator', 'kind')).strip(chr(39))}"
        case "string_pattern_mismatch":
            return "is not written as it must be"
        case _:
            return detail["msg"].removeprefix("Value error, ")


def _path(location: tuple[int | str, ...], document: object, *, missing: bool) -> str:
    """Write a path as authors do, steps[2].template: only what is in the document, or missing in it.

    Pydantic puts the names of union members in as well, which no author has written.
    """
    text, here = "", document
    for n, part in enumerate(location):
        if isinstance(here, list) and isinstance(part, int) and part < len(here):
            text, here = f"{text}[{part}]", here[part]
        elif isinstance(here, dict) and part in here and not _only_a_name(here, part, location[n + 1 :]):
            text, here = _dotted(text, part), here[part]
        elif missing and n == len(location) - 1:
            text = _dotted(text, part)
    return text


def _only_a_name(here: Mapping[str, object], part: int | str, rest: tuple[int | str, ...]) -> bool:
    """Say whether a part is the name of a union's member that happens to be a key, too."""
    leaf = not isinstance(here[str(part)], dict | list)
    return leaf and any(other in here for other in rest)


def _dotted(text: str, part: int | str) -> str:
    return f"{text}.{part}" if text else str(part)


def path_text(location: tuple[int | str, ...]) -> str:
    """Write a path as authors do: steps[2].template."""
    text = ""
    for part in location:
        text = f"{text}[{part}]" if isinstance(part, int) else _dotted(text, part)
    return text
