"""Tokens, taken one after the other: the part of reading that is alike for expressions and declarations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.infra.bicep.lexing import Token, Unreadable

END = Token("end", "the end", 0)


class Stream:
    """The tokens of one text, and how far they are read."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self._tokens = tokens
        self._at = 0
        self._flat = False  # inside parentheses, where newlines say nothing

    def peek(self, ahead: int = 0) -> Token:
        """Return the next token, or one after it."""
        if self._flat:
            self.skip()
        found = self._tokens[self._at + ahead : self._at + ahead + 1]
        return found[0] if found else END

    def take(self) -> Token:
        """Take the next token."""
        token = self.peek()
        self._at += 1
        return token

    def expect(self, text: str) -> Token:
        """Take a word or mark that must be there."""
        token = self.take()
        if token.text != text or token.kind == "text":
            raise Unreadable(f"line {token.line}: {text!r} should stand where {token.text!r} does")
        return token

    def word(self) -> str:
        """Take a name."""
        token = self.take()
        if token.kind != "word":
            raise Unreadable(f"line {token.line}: a name should stand where {token.text!r} does")
        return token.text

    def ahead(self, text: str) -> bool:
        """Say whether a mark is next, on this line or after it."""
        at = self._at
        while self._tokens[at : at + 1] and self._tokens[at].kind == "newline":
            at += 1
        return self._tokens[at : at + 1] != () and self._tokens[at].text == text

    def skip(self) -> None:
        """Take newlines."""
        while self._tokens[self._at : self._at + 1] and self._tokens[self._at].kind == "newline":
            self._at += 1

    def with_newlines[T](self, read: Callable[[], T]) -> T:
        """Read inside brackets, where newlines end items."""
        before, self._flat = self._flat, False
        found = read()
        self._flat = before
        return found

    @contextmanager
    def in_parentheses(self) -> Iterator[None]:
        """Read where newlines say nothing."""
        before, self._flat = self._flat, True
        yield
        self._flat = before
