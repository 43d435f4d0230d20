"""What a journey refers to by url: segments, templates, questionnaires, journeys; for shared.catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct
from pydantic import BaseModel

from shared.journey.change import FhirChange
from shared.journey.definition import JourneyDefinition
from shared.journey.steps.branch import BranchStep


class Use(Struct, frozen=True):
    """One reference, and where in the document it stands."""

    kind: Literal["segment", "template", "journey", "questionnaire"]
    name: str
    path: str


_SEGMENTS = frozenset({"segment_entered", "segment_left", "segment", "in_segment", "not_in_segment"})
"""Fields that name a segment; `in` and `not_in` of the audience name several."""
_KINDS: Mapping[str, Literal["segment", "template", "journey", "questionnaire"]] = {
    **dict.fromkeys(_SEGMENTS, "segment"),
    "in": "segment",
    "not_in": "segment",
    "template": "template",
    "questionnaire": "questionnaire",
    "journey": "journey",
}


def uses(journey: JourneyDefinition) -> Iterator[Use]:
    """Walk all references of a journey, in the order of the document."""
    for path, name, value in _fields(journey, ""):
        if kind := _KINDS.get(name):
            many = value if isinstance(value, tuple) else (value,)
            for n, url in enumerate(many):
                yield Use(kind, url, f"{path}[{n}]" if isinstance(value, tuple) else path)


def criteria(journey: JourneyDefinition) -> Iterator[tuple[str, dict[str, Any]]]:
    """Walk the criteria in the language of segments that its branches hold, each with its path."""
    for n, step in enumerate(journey.steps):
        if isinstance(step, BranchStep):
            for m, case in enumerate(step.cases):
                if case.when.criteria is not None:
                    yield f"steps[{n}].cases[{m}].when.criteria", case.when.criteria


def conditions(journey: JourneyDefinition) -> Iterator[FhirChange]:
    """Walk all changes of resources that it means, anywhere in it."""
    yield from _changes(journey)


def _changes(node: object) -> Iterator[FhirChange]:
    if isinstance(node, FhirChange):
        yield node
    for child in _children(node):
        yield from _changes(child)


def _children(node: object) -> Iterator[object]:
    if isinstance(node, BaseModel):
        yield from (value for _, value in node)
    elif isinstance(node, tuple | list):
        yield from node


def _fields(node: object, path: str) -> Iterator[tuple[str, str, Any]]:
    """Walk what has been filled in, as (path, the author's name of the field, value)."""
    if isinstance(node, BaseModel):
        for field, value in node:
            name = type(node).model_fields[field].alias or field
            where = f"{path}.{name}" if path else name
            if value and name in _KINDS and isinstance(value, str | tuple):
                yield where, name, value
            else:
                yield from _fields(value, where)
    elif isinstance(node, tuple):
        for n, item in enumerate(node):
            yield from _fields(item, f"{path}[{n}]")
