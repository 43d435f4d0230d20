"""Text → declarations: one file of Bicep, or of parameters, as data. Raises Unreadable."""

from __future__ import annotations

from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from tests.infra.bicep.expressions import Reader
from tests.infra.bicep.lexing import Lexer, Unreadable
from tests.infra.bicep.syntax import (
    ArrayOf,
    Call,
    Declaration,
    Declared,
    Func,
    Header,
    Import,
    Kind,
    Module,
    Nullable,
    OneOf,
    Output,
    Param,
    Resource,
    Shape,
    Simple,
    Text,
    Var,
    innermost,
)


class File(Struct, frozen=True):
    """The declarations of one file, in their order."""

    declarations: tuple[Declaration, ...]

    def all[T: Declaration](self, kind: type[T]) -> tuple[T, ...]:
        """Return those of a kind."""
        return tuple(each for each in self.declarations if isinstance(each, kind))

    @property
    def interface(self) -> list[Param | Output]:
        """Return what others see of it: its parameters and outputs."""
        return [*self.all(Param), *self.all(Output)]

    def header(self, key: str) -> str:
        """Return what `targetScope` or `using` says, or ""."""
        values = (each.value for each in self.all(Header) if each.key == key)
        return next((value.plain or "" for value in values if isinstance(value, Text)), "")


@cache
def parse(text: str) -> File:
    """Read one file."""
    return File(tuple(_Declarations(Lexer(text).tokens()).read()))


class _Declarations(Reader):
    """Reads declarations, one after the other."""

    def read(self) -> list[Declaration]:
        found: list[Declaration] = []
        while self._more():
            found.append(self._declaration(self.decorators()))
            if self.peek().kind not in {"newline", "end"}:
                token = self.peek()
                raise Unreadable(f"line {token.line}: a line should end where {token.text!r} stands")
        return found

    def _more(self) -> bool:
        while self.peek().kind == "newline":
            self.take()
        return self.peek().kind != "end"

    def _declaration(self, decorators: tuple[Call, ...]) -> Declaration:
        if self.peek().text == "resource":
            return self.resource(decorators)
        token = self.take()
        match token.text:
            case "param":
                return self._param(decorators, token.line)
            case "var":
                return Var(self._named(), self.body(), decorators, token.line)
            case "module":
                name, path = self.word(), self.plain()
                self.expect("=")
                return Module(name, path, self.body(), decorators, token.line)
            case "output":
                name, kind = self.word(), self._kind()
                self.expect("=")
                return Output(name, kind, self.body(), decorators, token.line)
            case "func":
                return self._func(decorators, token.line)
            case "type":
                return Declared(self._named(), self._kind(), decorators, token.line)
            case "import":
                return self._import(token.line)
            case "using":
                return Header("using", self.expression(), token.line)
            case "targetScope":
                self.expect("=")
                return Header("targetScope", self.expression(), token.line)
            case "metadata":
                return Header(f"metadata {self._named()}", self.expression(), token.line)
        raise Unreadable(f"line {token.line}: {token.text!r} declares nothing")

    def _named(self) -> str:
        name = self.word()
        self.expect("=")
        return name

    def _param(self, decorators: tuple[Call, ...], line: int) -> Param:
        name = self.word()
        kind = None if self.peek().text == "=" else self._kind()
        default = None
        if self.peek().text == "=":
            self.take()
            default = self.body()
        return Param(name, kind, default, decorators, line)

    def _func(self, decorators: tuple[Call, ...], line: int) -> Func:
        name, parameters = self.word(), list[tuple[str, Kind]]()
        self.expect("(")
        while self.peek().text != ")":
            parameters.append((self.word(), self._kind()))
            if self.peek().text == ",":
                self.take()
        self.expect(")")
        kind = self._kind()
        self.expect("=>")
        return Func(name, tuple(parameters), kind, self.expression(), decorators, line)

    def _import(self, line: int) -> Import:
        names: list[tuple[str, str]] = []
        if self.peek().text == "*":
            self.take()
            self.expect("as")
            names.append((self.word(), "*"))
        else:
            self.expect("{")
            while not self._closed("}"):
                name, own = self.word(), ""
                if self.peek().text == "as":
                    self.take()
                    own = self.word()
                names.append((own or name, name))
        self.expect("from")
        return Import(self.plain(), tuple(names), line)

    def _kind(self) -> Kind:
        kind = self._simple_kind()
        if isinstance(kind, OneOf):
            values = kind.values
            while self.peek().text == "|":
                self.take()
                more = self._simple_kind()
                values += more.values if isinstance(more, OneOf) else ()
            kind = OneOf(values)
        return kind

    def _simple_kind(self) -> Kind:
        token = self.peek()
        kind: Kind
        match token.kind, token.text:
            case "mark", "(":
                self.take()
                kind = self._kind()
                self.expect(")")
            case "mark", "{":
                self.take()
                kind = self._shape()
            case "text", _:
                kind = OneOf((self.plain(),))
            case "number", digits:
                self.take()
                kind = OneOf((int(digits),))
            case _:
                kind = Simple(self.word(), token.line)
        while self.peek().text in {"[", "?"} and self.peek().kind == "mark":
            if self.take().text == "?":
                kind = Nullable(kind)
            else:
                self.expect("]")
                kind = ArrayOf(kind)
        return kind

    def _shape(self) -> Shape:
        fields: list[tuple[str, Kind]] = []
        while not self._closed("}"):
            self.decorators()
            name = self.word()
            self.expect(":")
            fields.append((name, self._kind()))
        return Shape(tuple(fields))


def resources(file: File) -> list[Resource]:
    """Return the resources of a file, with those that are declared inside others: with their whole type."""
    found: list[Resource] = []
    for each in file.all(Resource):
        found += _with_children(each)
    return found


def _with_children(resource: Resource) -> list[Resource]:
    found = [resource]
    for child in innermost(resource.body).resources:
        version = child.version or resource.version
        found += _with_children(replace(child, type=f"{resource.type}/{child.type}", version=version))
    return found
