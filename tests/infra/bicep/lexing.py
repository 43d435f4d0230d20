"""Bicep text → tokens. Newlines are tokens, as they end what stands on a line; comments are left out.

https://learn.microsoft.com/azure/azure-resource-manager/bicep/data-types#strings
"""

from __future__ import annotations

import re

from msgspec import Struct

_SKIP = re.compile(r"(?:[ \t]+|//[^\n]*|/\*.*?\*/|#disable-[^\n]*)+", re.DOTALL)
_NEWLINES = re.compile(r"\r?\n")
_WORD = re.compile(r"[A-Za-z_]\w*")
_NUMBER = re.compile(r"\d+")
_MARKS = re.compile(r"\.\.\.|=>|==|!=|=~|!~|<=|>=|&&|\|\||\?\?|\.\?|\[\?|::|[][(){}<>=+\-*/%!?:.,@|]")
_VERBATIM = re.compile(r"'''\r?\n?(.*?)'''(?!')", re.DOTALL)
_PLAIN = re.compile(r"[^'\\$\n]+|\$(?!\{)")
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]+)\}|([\\'nrt$]))")
_ESCAPED = {"\\": "\\", "'": "'", "n": "\n", "r": "\r", "t": "\t", "$": "$"}


class Token(Struct, frozen=True):
    """A word, number, mark, text or newline. `parts` of a text: pieces, and tokens between "${" and "}"."""

    kind: str
    text: str
    line: int
    parts: tuple[str | tuple[Token, ...], ...] = ()


class Unreadable(Exception):
    """The text is not Bicep."""


class Lexer:
    """Cuts one text into tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def tokens(self, inside: bool = False) -> tuple[Token, ...]:
        """Return all tokens; `inside` of an interpolation those up to its closing brace."""
        found: list[Token] = []
        depth = 0
        while True:
            self._take(_SKIP)
            if self._at >= len(self._text):
                return tuple(found)
            if inside and depth == 0 and self._text[self._at] == "}":
                return tuple(found)
            found.append(self._token())
            depth += {"{": 1, "}": -1}.get(found[-1].text if found[-1].kind == "mark" else "", 0)

    def _token(self) -> Token:
        line = self._line()
        if self._text.startswith("'''", self._at):
            match = _VERBATIM.match(self._text, self._at)
            if match is None:
                raise Unreadable(f"line {line}: a ''' that does not end")
            self._at = match.end()
            return Token("text", "", line, (match[1],))
        if self._text[self._at] == "'":
            return Token("text", "", line, self._parts())
        kinds = (("newline", _NEWLINES), ("word", _WORD), ("number", _NUMBER), ("mark", _MARKS))
        for kind, pattern in kinds:
            if taken := self._take(pattern):
                return Token(kind, taken, line)
        raise Unreadable(f"line {line}: {self._text[self._at]!r} is not Bicep")

    def _parts(self) -> tuple[str | tuple[Token, ...], ...]:
        line, self._at = self._line(), self._at + 1
        parts: list[str | tuple[Token, ...]] = []
        while not self._take(re.compile("'")):
            if plain := self._take(_PLAIN):
                parts.append(plain)
            elif match := _ESCAPE.match(self._text, self._at):
                parts.append(chr(int(match[1], 16)) if match[1] else _ESCAPED[match[2]])
                self._at = match.end()
            elif self._take(re.compile(r"\$\{")):
                parts.append(self.tokens(inside=True))
                self._at += 1
            else:
                raise Unreadable(f"line {line}: a text that does not end, or escapes what need not be")
        return tuple(parts)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match[0]

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1
