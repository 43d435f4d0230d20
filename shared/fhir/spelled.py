"""Spelled: names, contact points and addresses whole in the attributes of a fact, whose values are text.

A Person has fields for them; a RelatedPerson is a fact, and is written to all the same.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from shared.fhir.fact import Address, ContactPoint, Name

type _Part = Address | ContactPoint | Name


def spelled(parts: Iterable[_Part]) -> tuple[str, ...]:
    """Write parts as JSON arrays, in their order."""
    return tuple(msgspec.json.encode(part).decode() for part in parts)


def read_spelled[T: _Part](kind: type[T], texts: Iterable[str]) -> tuple[T, ...]:
    """Read what `spelled` wrote."""
    return tuple(msgspec.json.decode(text, type=kind) for text in texts)
