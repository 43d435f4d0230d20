"""Text: how wide words are on the page, and where lines break, without a font at hand.

Used while boxes get their sizes. The widths are those of Helvetica and of all fonts made to its measure
(Arial, Liberation Sans), which the drawing asks for first; others come close.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from functools import cache

_WIDTHS: dict[int, str] = {
    191: "'",
    222: "ijl",
    260: "|",
    278: " !,./:;I[\\]ft",
    333: "()-`r",
    334: "{}",
    355: '"',
    389: "*",
    469: "^",
    500: "Jckvsxyz",
    556: "#$0123456789?L_abdeghnopqu",
    584: "+<=>~",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%",
    944: "W",
    1015: "@",
}
"""Characters by their width in thousandths of the size of the font (Adobe's metrics of Helvetica)."""
_WIDTH = {character: width for width, characters in _WIDTHS.items() for character in characters}
_BOLD = 1.07
_OTHER = 600
_SQUARE = 1000


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a line is, in pixels, for a font of `size` pixels."""
    return sum(map(_width, text)) * size * (_BOLD if bold else 1.0) / 1000


@cache
def _width(character: str) -> int:
    if character in _WIDTH:
        return _WIDTH[character]
    if unicodedata.combining(character):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return _SQUARE
    plain = unicodedata.normalize("NFD", character)[0]
    return _WIDTH.get(plain, _OTHER)


def wrap(text: str, size: float, room: float, lines: int, *, bold: bool = False) -> tuple[str, ...]:
    """Break a text into at most so many lines of at most so many pixels; what is left out ends in "…"."""

    def fits(line: str) -> bool:
        return width(line, size, bold=bold) <= room

    words = [part for word in text.split() for part in _parts(word, fits)]
    found: list[str] = []
    for n, word in enumerate(words):
        if found and fits(f"{found[-1]} {word}"):
            found[-1] = f"{found[-1]} {word}"
        elif len(found) < lines:
            found.append(word)
        else:
            found[-1] = _shortened(f"{found[-1]} {' '.join(words[n:])}", fits)
            break
    return tuple(found)


def _parts(word: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """Break a word that is wider than a line: behind a hyphen or a slash where one is, else anywhere."""
    while not fits(word):
        size = next((n for n in range(len(word) - 1, 1, -1) if fits(word[:n])), 1)
        joint = max(word.rfind(mark, 0, size) for mark in "-/_.")
        size = joint + 1 if joint > 0 else size
        yield word[:size]
        word = word[size:]
        if not word:
            return
    yield word


def _shortened(line: str, fits: Callable[[str], bool]) -> str:
    while line and not fits(f"{line}…"):
        line = line[:-1]
    return f"{line.rstrip()}…"
