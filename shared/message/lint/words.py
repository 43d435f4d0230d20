"""What a Liquid source says in words, whichever branch is taken, and which fields it asks for."""

from __future__ import annotations

import re
from functools import lru_cache

from shared.message.fields import FIELDS

_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_MARKUP = re.compile(r"<!--.*?-->|<(?:style|script)\b.*?</(?:style|script)>|<[^>]*>", re.DOTALL)
_FIELD = re.compile(rf"\b({'|'.join(FIELDS)})\.([a-z_]+)")


@lru_cache(maxsize=512)
def literal(liquid: str) -> str:
    """Return the words of a source: what stands in it, and the texts in its tags."""
    return _LIQUID.sub(_texts, liquid)


def readable(liquid: str) -> str:
    """Return the words that people read: without the markup of HTML and MJML."""
    return _MARKUP.sub(" ", literal(liquid))


@lru_cache(maxsize=512)
def fields(liquid: str) -> frozenset[str]:
    """Return the fields that a source asks for: "patient.given"."""
    inside = " ".join(_QUOTED.sub(" ", found) for found in _LIQUID.findall(liquid))
    return frozenset(".".join(found) for found in _FIELD.findall(inside))


def _texts(found: re.Match[str]) -> str:
    quoted = (text for pair in _QUOTED.findall(found[0]) for text in pair if text)
    return f" {' '.join(quoted)} " if "'" in found[0] or '"' in found[0] else "\u2060"
