"""Nearest: what a misspelt name was probably meant to be, for the messages that authors read.

Used where names are looked up: fields of a definition (shared.authoring), definitions (shared.naming).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import get_args

from pydantic import BaseModel

_CLOSE = 0.7
"""Of two words; below it a suggestion rather misleads (difflib.SequenceMatcher.ratio)."""


def nearest(word: str, words: Iterable[str]) -> str:
    """Return the one of these words that is most like it, or "" where none is near."""
    return next(iter(get_close_matches(word, sorted(words), 1, _CLOSE)), "")


def fields_at(model: type[BaseModel], place: Iterable[int | str]) -> frozenset[str]:
    """Return what an author may write at a place of a document, as pydantic names places."""
    here = [model]
    for part in place:
        if isinstance(part, str):
            here = [*_of_field(here, part)] or [*_of_tag(here, part)] or here
    return frozenset(field.alias or name for each in here for name, field in each.model_fields.items())


def _of_field(models: Iterable[type[BaseModel]], name: str) -> Iterator[type[BaseModel]]:
    for model in models:
        for field, info in model.model_fields.items():
            if name == (info.alias or field):
                yield from _within(info.annotation)


def _of_tag(models: Iterable[type[BaseModel]], tag: str) -> Iterator[type[BaseModel]]:
    """Choose one of a union: pydantic says which by its kind, or by its name."""
    for model in models:
        kind = model.model_fields.get("kind")
        if model.__name__ == tag or (kind is not None and tag in get_args(kind.annotation)):
            yield model


def _within(annotation: object) -> Iterator[type[BaseModel]]:
    """Walk the models that a field holds, whether it holds one, several or either."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(getattr(annotation, "__value__", annotation)):
        yield from _within(inner)
