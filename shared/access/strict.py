"""JSON of what proves who somebody is: an object in which no name comes twice, else which of them counts."""

from __future__ import annotations

import json
from collections.abc import Sequence


def strict_object(raw: bytes) -> dict[str, object]:
    """Read an object. Raises ValueError for anything else, and for a name that comes twice at any depth."""
    try:
        found = json.loads(raw, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found
