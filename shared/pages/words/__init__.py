"""What the pages say, a file a language, and which language a reader gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from shared.pages.words import de, en, es

DEFAULT = "en"
LANGUAGES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"en": en.WORDS, "es": es.WORDS, "de": de.WORDS}
)
"""By language, the words by their names."""


class Words:
    """The words of one language; what is put into them is plain text, escaped where it enters a page."""

    def __init__(self, language: str) -> None:
        self.language = readable([language])
        self._words = LANGUAGES[self.language]

    def __call__(self, name: str, /, **values: object) -> str:
        """Return a sentence with its blanks filled in."""
        return self._words[name].format(**values)

    def get(self, name: str, default: str = "") -> str:
        """Return a sentence without blanks, or `default` where there is none."""
        return self._words.get(name, default)


def readable(tags: Iterable[str]) -> str:
    """Return the first language of BCP 47 tags that pages are written in; else English."""
    primary = (tag.partition("-")[0].strip().lower() for tag in tags)
    return next((tag for tag in primary if tag in LANGUAGES), DEFAULT)


def accepted(header: str) -> tuple[str, ...]:
    """Return the languages of an Accept-Language header (RFC 9110, 12.5.4), the preferred one first."""
    wanted: list[tuple[float, str]] = []
    for entry in header[:500].split(","):
        tag, _, weight = entry.strip().partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            quality = 0.0
        if tag.strip() and quality > 0:
            wanted.append((-quality, tag.strip()))
    return tuple(tag for _, tag in sorted(wanted, key=lambda pair: pair[0]))
