"""Reasons without the patients in them: a report adds up people, so what is one patient's is left out."""

from __future__ import annotations

import re
from functools import lru_cache

_ASIDE = re.compile(r"\s*\([^()]*\)")
_REFERENCE = re.compile(r"\b([A-Z][A-Za-z]+)/[A-Za-z0-9.\-]{1,64}")
_INSTANT = re.compile(
    r",? (?:as of |at |until |from )?\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*(?: [A-Z]{2,5}| [+-]\d\d)?\b"
)


@lru_cache(maxsize=4096)
def plainly(text: str) -> str:
    """Return a reason as it is said of anybody: no ids, no instants, nothing in brackets."""
    while (shorter := _ASIDE.sub("", text)) != text:
        text = shorter
    return _INSTANT.sub("", _REFERENCE.sub(r"\1", text)).strip()


def ending(text: str, title: str) -> str:
    """Return why somebody left a journey, without its name: "Left Check-up: visited" is "visited"."""
    plain = plainly(text)
    for word in ("Left", "Completed", "Revoked"):
        if plain == f"{word} {title}":
            return "came to its end"
        plain = plain.removeprefix(f"{word} {title}: ").removeprefix(f"{word}: ")
    return plain
