"""Replies as they are compared: without case, accents, punctuation, symbols and emoji."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 2000
"""Characters of a reply that are looked at; the longest that a channel brings is 4096."""

_APOSTROPHES = re.compile("['\u2019\u2018`\u00b4\u02bc]")
_DRAWN_OUT = re.compile(r"([^\W\d])\1{2,}")
_REPEATED = re.compile(r"\b([^\W\d]+)(?: \1\b)+")
_SPELLED = re.compile(r"\b(?:[^\W\d] ){2,}[^\W\d]\b")
_CLAUSES = re.compile(r"[,.;:!?¡¿\n()\u2013\u2014]+|\b(?:and|but|y|e|pero|und|aber)\b", re.IGNORECASE)


def plain(text: str) -> str:
    """Return a reply as words with one space between: "I can't, STOPPP!" is "i cant stop"."""
    decomposed = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text[:LONGEST]).casefold())
    kept = "".join(_letter(each) for each in decomposed if not unicodedata.combining(each))
    words = " ".join(_DRAWN_OUT.sub(r"\1", kept).split())
    return _REPEATED.sub(r"\1", _SPELLED.sub(lambda found: found[0].replace(" ", ""), words))


def _letter(each: str) -> str:
    return each if each.isalnum() and not _is_symbol(each) else " "


def _is_symbol(each: str) -> bool:
    return unicodedata.category(each)[0] not in "LN"


def clauses(text: str) -> list[str]:
    """Return the parts of a reply between its punctuation and its ands and buts, each plain."""
    return [found for part in _CLAUSES.split(text[:LONGEST]) if (found := plain(part))]


def unmarked(text: str) -> str:
    """Return plain text with umlauts that are written as two letters made one: "moechte" is "mochte"."""
    return text.replace("ae", "a").replace("oe", "o").replace("ue", "u")
