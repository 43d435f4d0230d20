"""A letter as PDF: the address in the window of an envelope, then date, title and text.

ReportLab ships Bitstream Vera, which has Western European letters and some more; another TrueType font can be
given. What no font has, or what must be shaped (Arabic, Hindi), is refused: no letter is better than a wrong
one. Used by shared.adapters.letters_store.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import cache
from io import BytesIO
from typing import Any

from msgspec import Struct

from shared.adapters.letters_sheet import MM, Sheet, sheet_of


class Letter(Struct, frozen=True):
    """What is to be set."""

    address: tuple[str, ...]
    """Lines: the name first."""
    title: str
    text: str
    """Paragraphs are set apart by an empty line."""
    language: str
    sender: str
    """Name of the organisation."""
    return_address: str
    """Its postal address, in one line."""
    day: date
    region: str
    """Country (ISO 3166) whose paper and envelopes are used."""


class Unsettable(ValueError):
    """The letter cannot be set; `code` is one of FAILURES, the sentence holds nothing of the letter."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Typeface(Struct, frozen=True):
    """The names of two fonts that ReportLab knows, and what they can set."""

    plain: str
    bold: str
    letters: frozenset[int]


@cache
def typeface(path: str = "") -> Typeface:
    """Load a TrueType font, or the one that ReportLab ships. Raises Unsettable where there is none."""
    from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]  # slow to import
    from reportlab.pdfbase.ttfonts import TTFError, TTFont  # type: ignore[import-untyped]

    files = {"letter": path or "Vera.ttf", "letter-bold": path or "VeraBd.ttf"}
    held: list[frozenset[int]] = []
    for name, file in files.items():
        try:
            font = TTFont(f"{name} {path}", file)
        except TTFError:
            raise Unsettable("content", "the font for letters cannot be read") from None
        pdfmetrics.registerFont(font)
        held.append(frozenset(font.face.charToGlyph))
    plain, bold = (f"{name} {path}" for name in files)
    return Typeface(plain, bold, held[0] & held[1])


def set_letter(letter: Letter, face: Typeface) -> tuple[bytes, int]:
    """Set a letter: the PDF, the same for the same letter, and its pages. Raises Unsettable."""
    from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]  # slow to import

    clean = _clean(letter, face)
    sheet, out = sheet_of(clean.region), BytesIO()
    canvas = Canvas(out, pagesize=(sheet.width, sheet.height), invariant=1, lang=clean.language or None)
    canvas.setAuthor(clean.sender)
    canvas.setTitle(clean.title)
    pages = _Setter(canvas, sheet, face, clean).set()
    canvas.save()
    return out.getvalue(), pages


def _clean(letter: Letter, face: Typeface) -> Letter:
    """Compose characters (NFC), and refuse what cannot be set."""
    texts = {
        name: _settable(getattr(letter, name), face) for name in ("title", "text", "sender", "return_address")
    }
    address = tuple(_settable(line, face).strip() for line in letter.address if line.strip())
    return Letter(address, language=letter.language, day=letter.day, region=letter.region, **texts)


def _settable(text: str, face: Typeface) -> str:
    composed = unicodedata.normalize("NFC", text).replace("\t", " ").replace("\r", "")
    composed = "".join(_PLAIN.get(letter, letter) for letter in composed)
    for letter in composed:
        if letter != "\n" and (ord(letter) not in face.letters or _must_be_shaped(letter)):
            raise Unsettable("content", "the letter has characters that its font cannot set")
    return composed


_PLAIN = {"\u202f": "\u00a0", "\u2009": " ", "\u2011": "-", "\u200b": "", "\u2028": "\n", "\u2212": "-"}
"""What is spelled the same with a character that fonts have."""


def _must_be_shaped(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in ("R", "AL") or unicodedata.category(letter) in ("Mn", "Mc")


class _Setter:
    """Writes one letter onto a canvas, from the top of the first sheet on."""

    def __init__(self, canvas: Any, sheet: Sheet, face: Typeface, letter: Letter) -> None:
        self._canvas = canvas
        self._sheet = sheet
        self._face = face
        self._letter = letter

    def set(self) -> int:
        """Set all of it; how many pages there are."""
        pages = list(self._pages())
        for number, lines in enumerate(pages, 1):
            if number == 1:
                self._head()
            else:
                self._number(number, len(pages))
            for top, font, line in lines:
                self._line(self._sheet.left, top, font, 10.5, line)
            self._canvas.showPage()
        return len(pages)

    def _head(self) -> None:
        sheet, letter = self._sheet, self._letter
        self._window()
        self._line(sheet.left, sheet.return_top, self._face.plain, 7, self._return_line())
        shown = _long_date(letter.day, letter.language)
        width = self._width(shown, self._face.plain, 10.5)
        self._line(sheet.right - width, sheet.date_top, self._face.plain, 10.5, shown)
        for fold in sheet.folds:
            self._canvas.line(5 * MM, sheet.height - fold, 9 * MM, sheet.height - fold)

    def _return_line(self) -> str:
        line = " · ".join(filter(None, (self._letter.sender, self._letter.return_address)))
        if self._width(line, self._face.plain, 7) > self._sheet.right - self._sheet.left - 50 * MM:
            raise Unsettable("content", "the return address is too long for its line")
        return line

    def _window(self) -> None:
        sheet, lines = self._sheet, self._letter.address
        if not 2 <= len(lines) <= sheet.lines:
            raise Unsettable("invalid-address", f"an address on a letter has 2 to {sheet.lines} lines")
        for number, line in enumerate(lines):
            if self._width(line, self._face.plain, 10) > sheet.window_width:
                raise Unsettable("invalid-address", "a line of the address is wider than the window")
            self._line(sheet.window_left, sheet.window_top + number * 11, self._face.plain, 10, line)

    def _number(self, number: int, pages: int) -> None:
        shown = f"{number} / {pages}"
        left = self._sheet.right - self._width(shown, self._face.plain, 8)
        self._line(left, self._sheet.next_top - 18, self._face.plain, 8, shown)

    def _pages(self) -> Iterator[list[tuple[float, str, str]]]:
        """Break the text: for each page its lines, with where they stand."""
        top, page = self._sheet.body_top, list[tuple[float, str, str]]()
        for font, line in self._lines():
            if top > self._sheet.bottom and line:
                yield page
                top, page = self._sheet.next_top, []
            if line:
                page.append((top, font, line))
            top += 14 if line else 8
        yield page

    def _lines(self) -> Iterator[tuple[str, str]]:
        width = self._sheet.right - self._sheet.left
        if self._letter.title:
            yield from (
                (self._face.bold, line) for line in self._broken(self._letter.title, self._face.bold, width)
            )
            yield self._face.plain, ""
        for written in self._letter.text.strip().split("\n"):
            yield from ((self._face.plain, line) for line in self._broken(written, self._face.plain, width))

    def _broken(self, text: str, font: str, width: float) -> Iterator[str]:
        """Break a line of text at spaces, and words that are wider than the page anywhere."""
        line = ""
        for word in text.split(" "):
            longer = f"{line} {word}" if line else word
            if self._width(longer, font, 10.5) <= width:
                line = longer
                continue
            if line:
                yield line
            line = word
            while self._width(line, font, 10.5) > width:
                fits = next(n for n in range(len(line), 0, -1) if self._width(line[:n], font, 10.5) <= width)
                yield line[:fits]
                line = line[fits:]
        yield line.rstrip()

    def _line(self, left: float, top: float, font: str, size: float, text: str) -> None:
        self._canvas.setFont(font, size)
        self._canvas.drawString(left, self._sheet.height - top, text)

    def _width(self, text: str, font: str, size: float) -> float:
        from reportlab.pdfbase.pdfmetrics import stringWidth  # type: ignore[import-untyped]

        return float(stringWidth(text, font, size))


def _long_date(day: date, language: str) -> str:
    from babel import Locale, UnknownLocaleError  # slow to import
    from babel.dates import format_date

    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    return format_date(day, "long", locale=locale)
