"""What definitions ask of a resource beyond its projection, found out once, when it arrives.

A FHIRPath filter leaves a mark on the fact, "+digest" where it holds and "-digest" where not; Patient
extensions that a segment asks for are kept. Segments say what they ask for; the catalogue joins it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from msgspec import Struct


class Lens(Struct, frozen=True):
    """Filters by resource type, and urls of Patient extensions."""

    filters: Mapping[str, frozenset[str]] = {}
    extensions: frozenset[str] = frozenset()

    def __or__(self, other: Lens) -> Lens:
        if not other.filters and not other.extensions:
            return self
        kinds = {*self.filters, *other.filters}
        none: frozenset[str] = frozenset()
        joined = {kind: self.filters.get(kind, none) | other.filters.get(kind, none) for kind in kinds}
        return Lens(joined, self.extensions | other.extensions)


EMPTY = Lens()


def mark_of(expression: str) -> str:
    """Return the short name by which facts carry the answer of an expression."""
    return hashlib.blake2s(expression.encode(), digest_size=6).hexdigest()
