"""From an author's document to a checked model: every mistake reported at once, each with its place.

Used where journeys, templates and segments are read from YAML or JSON, long before anything runs.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import Invalid, Problem


class Authored(BaseModel):
    """Base of every authoring model: immutable, and an unknown key is a mistake, not a comment."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def parse_document[Model: Authored](model: type[Model], document: object, where: str) -> Model:
    """Validate a parsed YAML or JSON document; `where` names it. Raises Invalid with every Problem."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise Invalid(tuple(_problem(detail, where) for detail in error.errors())) from None


def _problem(detail: object, where: str) -> Problem:
    assert isinstance(detail, dict)
    words, context = str(detail["msg"]), detail.get("ctx", {})
    expected = str(context.get("expected") or context.get("expected_tags") or "")
    path = path_text(detail["loc"])
    return Problem(f"{where}: {path}" if path else where, _sentence(detail["type"], words), expected)


def _sentence(kind: object, words: str) -> str:
    known = {"missing": "is missing", "extra_forbidden": "is not known here"}
    return known.get(str(kind), words.removeprefix("Value error, "))


def path_text(location: tuple[str | int, ...]) -> str:
    """Write a path as authors do: steps[2].template."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
