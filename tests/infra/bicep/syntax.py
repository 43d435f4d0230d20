"""What Bicep is made of, as data: expressions, types and declarations, each with the line it stands on.

https://learn.microsoft.com/azure/azure-resource-manager/bicep/file
"""

from __future__ import annotations

from msgspec import Struct

type Expr = (
    Literal
    | Text
    | Name
    | Member
    | Index
    | Nested
    | Call
    | Lambda
    | Unary
    | Binary
    | Choice
    | Items
    | Fields
    | Spread
    | Loop
    | If
)


class Literal(Struct, frozen=True):
    """`true`, `null`, `42`."""

    value: bool | int | None


class Text(Struct, frozen=True):
    """`'st${token}'`: pieces of text and expressions."""

    parts: tuple[str | Expr, ...]

    @property
    def plain(self) -> str | None:
        """The text, if nothing in it is interpolated."""
        pieces = [part for part in self.parts if isinstance(part, str)]
        return "".join(pieces) if len(pieces) == len(self.parts) else None


class Name(Struct, frozen=True):
    """`storage`: whatever has that name here."""

    name: str
    line: int


class Member(Struct, frozen=True):
    """`of.name`, or `of.?name` where it is safe."""

    of: Expr
    name: str
    line: int
    safe: bool = False


class Index(Struct, frozen=True):
    """`of[key]`, or `of[?key]` where it is safe."""

    of: Expr
    key: Expr
    safe: bool = False


class Nested(Struct, frozen=True):
    """`of::name`: a resource that is declared inside another."""

    of: Expr
    name: str
    line: int


class Call(Struct, frozen=True):
    """`name(arguments)`, or `of.name(arguments)`."""

    of: Expr | None
    name: str
    arguments: tuple[Expr, ...]
    line: int


class Lambda(Struct, frozen=True):
    """`(a, b) => body`."""

    names: tuple[str, ...]
    body: Expr


class Unary(Struct, frozen=True):
    """`!of` and `-of`."""

    sign: str
    of: Expr


class Binary(Struct, frozen=True):
    """`left sign right`."""

    sign: str
    left: Expr
    right: Expr


class Choice(Struct, frozen=True):
    """`condition ? yes : no`."""

    condition: Expr
    yes: Expr
    no: Expr


class Items(Struct, frozen=True):
    """`[a, b]`, in one line or over several."""

    items: tuple[Expr, ...]


class Fields(Struct, frozen=True):
    """`{ a: b }`, with the resources that are declared inside."""

    pairs: tuple[tuple[Text | Spread, Expr], ...]
    resources: tuple[Resource, ...] = ()

    def get(self, name: str) -> Expr | None:
        """Return what stands at a key that is written out."""
        return next((value for key, value in self.pairs if isinstance(key, Text) and key.plain == name), None)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that are written out, each as often as it is."""
        return tuple(key.plain for key, _ in self.pairs if isinstance(key, Text) and key.plain is not None)


class Spread(Struct, frozen=True):
    """`...of`."""

    of: Expr


class Loop(Struct, frozen=True):
    """`[for item in of: body]`, `[for (item, index) in of: body]`."""

    item: str
    index: str
    of: Expr
    body: Expr


class If(Struct, frozen=True):
    """`if (condition) body`."""

    condition: Expr
    body: Expr


type Kind = Simple | ArrayOf | OneOf | Shape | Nullable


class Simple(Struct, frozen=True):
    """`string`, `int`, `bool`, `array`, `object`, or a declared type."""

    name: str
    line: int


class ArrayOf(Struct, frozen=True):
    """`of[]`."""

    of: Kind


class OneOf(Struct, frozen=True):
    """`'a' | 'b'`; one literal alone too."""

    values: tuple[str | int | bool | None, ...]


class Shape(Struct, frozen=True):
    """`{ name: string, size: int? }`."""

    fields: tuple[tuple[str, Kind], ...]


class Nullable(Struct, frozen=True):
    """`of?`."""

    of: Kind


class Param(Struct, frozen=True):
    """`param name kind = default`; in a file of parameters without a kind."""

    name: str
    kind: Kind | None
    default: Expr | None
    decorators: tuple[Call, ...]
    line: int


class Var(Struct, frozen=True):
    """`var name = value`."""

    name: str
    value: Expr
    decorators: tuple[Call, ...]
    line: int


class Resource(Struct, frozen=True):
    """`resource name 'type@version' existing = body`; body may be a loop or a condition."""

    name: str
    type: str
    version: str
    existing: bool
    body: Expr
    decorators: tuple[Call, ...]
    line: int


class Module(Struct, frozen=True):
    """`module name 'path' = body`."""

    name: str
    path: str
    body: Expr
    decorators: tuple[Call, ...]
    line: int


class Output(Struct, frozen=True):
    """`output name kind = value`."""

    name: str
    kind: Kind
    value: Expr
    decorators: tuple[Call, ...]
    line: int


class Func(Struct, frozen=True):
    """`func name(parameter kind) kind => body`."""

    name: str
    parameters: tuple[tuple[str, Kind], ...]
    kind: Kind
    body: Expr
    decorators: tuple[Call, ...]
    line: int


class Declared(Struct, frozen=True):
    """`type name = kind`."""

    name: str
    kind: Kind
    decorators: tuple[Call, ...]
    line: int


class Import(Struct, frozen=True):
    """`import { name as own } from 'path'`: own name and name there; "*" stands for all."""

    path: str
    names: tuple[tuple[str, str], ...]
    line: int

    @property
    def name(self) -> str:
        """What it is called in what is said of it."""
        return f"import from {self.path}"


class Header(Struct, frozen=True):
    """`targetScope = 'subscription'`, `using 'main.bicep'`, `metadata description = '…'`."""

    key: str
    value: Expr
    line: int

    @property
    def name(self) -> str:
        """What it is called in what is said of it."""
        return self.key


type Declaration = Param | Var | Resource | Module | Output | Func | Declared | Import | Header


def innermost(body: Expr) -> Fields:
    """Return the object of a resource or module, inside its loop and its condition."""
    while isinstance(body, Loop | If):
        body = body.body
    return body if isinstance(body, Fields) else Fields(())


def described(declaration: Param | Output | Func | Declared) -> str:
    """Return the text of @description, or ""."""
    for call in declaration.decorators:
        if call.name == "description" and call.arguments and isinstance(call.arguments[0], Text):
            return call.arguments[0].plain or ""
    return ""
