"""Catalogues compiled once: a storm publishes again and again, and nearly all its time would go into that.

`build_catalogue` is pure, so what it made of the same documents is what it would make.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec
import pytest

from shared.catalogue import Catalogue, Document, build_catalogue
from shared.usecases import publish, published

MOST = 64
"""Catalogues that are kept: those of some worlds."""

_encode = msgspec.json.Encoder(order="deterministic", enc_hook=dict).encode  # read-only mappings, too


class _Asked:
    """The arguments of a call, compared by what they say."""

    def __init__(self, documents: Iterable[Document], *rest: Any, **more: Any) -> None:
        self.documents = tuple(documents)
        self.rest, self.more = rest, more
        said = [(d.kind, d.where, d.body) for d in self.documents]
        self.key = _encode((said, rest, more))

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self.key == other.key


@lru_cache(MOST)
def _made(asked: _Asked) -> Catalogue:
    return build_catalogue(asked.documents, *asked.rest, **asked.more)


def compiled_once(documents: Iterable[Document], *rest: Any, **more: Any) -> Catalogue:
    """Build a catalogue, or return the one that was built of the same before. Raises Invalid."""
    return _made(_Asked(documents, *rest, **more))


def install(patch: pytest.MonkeyPatch) -> None:
    """Let publishers and instances ask here."""
    patch.setattr(publish, "build_catalogue", compiled_once)
    patch.setattr(published, "build_catalogue", compiled_once)
