"""Tokens → expressions, by Bicep's precedence of operators.

A reader of our own, as tree-sitter-bicep 1.1 gives `q => q.name` as `(q => q).name`, `a ?? b!.c` as
`(a ?? b).c`, and drops what an escape says, and as pycep gives no shape that could be evaluated. Both check
beside it that the text is Bicep (tests/infra/test_bicep_reader.py).
https://learn.microsoft.com/azure/azure-resource-manager/bicep/operators#operator-precedence-and-associativity
"""

from __future__ import annotations

from collections.abc import Callable

from tests.infra.bicep.lexing import Token, Unreadable
from tests.infra.bicep.stream import END, Stream
from tests.infra.bicep.syntax import (
    Binary,
    Call,
    Choice,
    Expr,
    Fields,
    If,
    Index,
    Items,
    Lambda,
    Literal,
    Loop,
    Member,
    Name,
    Nested,
    Resource,
    Spread,
    Text,
    Unary,
)

_LEVELS = (
    ("??",),
    ("||",),
    ("&&",),
    ("==", "!=", "=~", "!~"),
    ("<", ">", "<=", ">="),
    ("+", "-"),
    ("*", "/", "%"),
)
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class Reader(Stream):
    """Reads expressions from tokens, one after the other."""

    def expression(self) -> Expr:
        """Read one expression."""
        if names := self._lambda_names():
            return Lambda(names, self.expression())
        condition = self._level(0)
        if not self.ahead("?"):
            return condition
        self.skip()
        self.expect("?")
        self.skip()
        yes = self.expression()
        self.skip()
        self.expect(":")
        self.skip()
        return Choice(condition, yes, self.expression())

    def body(self) -> Expr:
        """Read what a declaration may have: an expression, `if (…) {…}`, or a loop."""
        if self.peek().text == "if" and self.peek().kind == "word":
            self.take()
            self.expect("(")
            with self.in_parentheses():
                condition = self.expression()
                self.expect(")")
            return If(condition, self.body())
        return self.expression()

    def plain(self) -> str:
        """Take a text without interpolation."""
        token = self.take()
        text = self.text_of(token).plain if token.kind == "text" else None
        if text is None:
            raise Unreadable(f"line {token.line}: a text should stand where {token.text!r} does")
        return text

    def text_of(self, token: Token) -> Text:
        """Return a text with its interpolations read."""
        return Text(tuple(p if isinstance(p, str) else Reader(p).expression() for p in token.parts))

    def _level(self, level: int) -> Expr:
        if level == len(_LEVELS):
            return self._unary()
        left = self._level(level + 1)
        while self.peek().kind == "mark" and self.peek().text in _LEVELS[level]:
            sign = self.take().text
            left = Binary(sign, left, self._level(level + 1))
        return left

    def _unary(self) -> Expr:
        if self.peek().kind == "mark" and self.peek().text in {"!", "-"}:
            return Unary(self.take().text, self._unary())
        return self._postfix(self._primary())

    def _postfix(self, of: Expr) -> Expr:
        while self.peek().kind == "mark":
            match self.peek().text:
                case "." | ".?" as dot:
                    self.take()
                    of = self._member(of, dot == ".?")
                case "[" | "[?" as bracket:
                    self.take()
                    of = Index(of, self._inside("]", self.expression), bracket == "[?")
                case "::":
                    line = self.take().line
                    of = Nested(of, self.word(), line)
                case "!" if self.peek(1).text in {".", ".?", "[", "[?"}:
                    self.take()  # "I know that it is not null" changes nothing here
                case _:
                    break
        return of

    def _member(self, of: Expr, safe: bool) -> Expr:
        line, name = self.peek().line, self.word()
        if self.peek().text == "(":
            return Call(of, name, self._arguments(), line)
        return Member(of, name, line, safe)

    def _primary(self) -> Expr:
        token = self.take()
        match token:
            case Token(kind="text"):
                return self.text_of(token)
            case Token(kind="number", text=digits):
                return Literal(int(digits))
            case Token(kind="word", text=word) if word in _WORDS:
                return Literal(_WORDS[word])
            case Token(kind="word", text=word, line=line):
                return Call(None, word, self._arguments(), line) if self._calls() else Name(word, line)
            case Token(kind="mark", text="("):
                return self._inside(")", self.expression)
            case Token(kind="mark", text="["):
                return self.with_newlines(self._array)
            case Token(kind="mark", text="{"):
                return self.with_newlines(self._object)
        raise Unreadable(f"line {token.line}: an expression should stand where {token.text!r} does")

    def _calls(self) -> bool:
        return self.peek().kind == "mark" and self.peek().text == "("

    def _arguments(self) -> tuple[Expr, ...]:
        self.expect("(")
        found: list[Expr] = []
        with self.in_parentheses():
            while self.peek().text != ")" or self.peek().kind == "text":
                found.append(self.expression())
                if self.peek().text != ")":
                    self.expect(",")
            self.expect(")")
        return tuple(found)

    def _array(self) -> Expr:
        if self.peek().text == "for" and self.peek().kind == "word":
            return self._loop()
        found: list[Expr] = []
        while not self._closed("]"):
            found.append(self._spread() if self.peek().text == "..." else self.expression())
            self._ended("]")
        return Items(tuple(found))

    def _loop(self) -> Loop:
        self.expect("for")
        index = ""
        if self.peek().text == "(":
            self.take()
            item = self.word()
            self.expect(",")
            index = self.word()
            self.expect(")")
        else:
            item = self.word()
        self.expect("in")
        of = self.expression()
        self.expect(":")
        body = self.body()
        self.skip()
        self.expect("]")
        return Loop(item, index, of, body)

    def _object(self) -> Fields:
        pairs: list[tuple[Text | Spread, Expr]] = []
        resources: list[Resource] = []
        while not self._closed("}"):
            if self.peek().text == "...":
                pairs.append((self._spread(), Literal(None)))
            elif self.peek().text in {"resource", "@"} and self.peek(1).kind == "word":
                resources.append(self.resource())
            else:
                pairs.append((self._key(), self._value()))
            self._ended("}")
        return Fields(tuple(pairs), tuple(resources))

    def _closed(self, end: str) -> bool:
        while self.peek().kind == "newline" or (self.peek().kind == "mark" and self.peek().text == ","):
            self.take()
        if self.peek() is END:
            raise Unreadable(f"the text ends where {end!r} should stand")
        closes = self.peek().kind == "mark" and self.peek().text == end
        return closes and self.take() is not None

    def _ended(self, end: str) -> None:
        """Refuse what goes on after an item: one ends at a comma, with its line, or with all."""
        token = self.peek()
        if token.kind != "newline" and not (token.kind == "mark" and token.text in {",", end}):
            raise Unreadable(f"line {token.line}: {token.text!r} stands where an item should end")

    def _key(self) -> Text:
        return self.text_of(self.take()) if self.peek().kind == "text" else Text((self.word(),))

    def _value(self) -> Expr:
        self.expect(":")
        return self.expression()

    def _spread(self) -> Spread:
        self.expect("...")
        return Spread(self.expression())

    def decorators(self) -> tuple[Call, ...]:
        """Read `@description('…')` and its like, each on a line or more."""
        found: list[Call] = []
        while self.peek().kind == "mark" and self.peek().text == "@":
            self.take()
            call = self._postfix(self._primary())
            if not isinstance(call, Call):
                raise Unreadable(f"line {self.peek().line}: a decorator is a call")
            found.append(call)
            self.skip()
        return tuple(found)

    def resource(self, decorators: tuple[Call, ...] = ()) -> Resource:
        """Read `resource name 'type@version' existing = …`."""
        decorators += self.decorators()
        line = self.expect("resource").line
        name, (kind, _, version) = self.word(), self.plain().partition("@")
        existing = self.peek().text == "existing" and bool(self.take())
        self.expect("=")
        return Resource(name, kind, version, existing, self.body(), decorators, line)

    def _lambda_names(self) -> tuple[str, ...]:
        """Take `name =>` or `(a, b) =>` if that is next."""
        start, names = self._at, []
        if self.peek().kind == "word":
            names.append(self.take().text)
        elif self._calls():
            self.take()
            while self.peek().kind == "word":
                names.append(self.take().text)
                if self.peek().text == ",":
                    self.take()
            if self.take().text != ")":
                names = []
        if names and self.peek().text == "=>":
            self.take()
            return tuple(names)
        self._at = start
        return ()

    def _inside(self, end: str, read: Callable[[], Expr]) -> Expr:
        with self.in_parentheses():
            found = read()
            self.expect(end)
        return found
