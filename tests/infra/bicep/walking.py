"""Walking through expressions: what each is made of, and which names are known where."""

from __future__ import annotations

from collections.abc import Iterator

from tests.infra.bicep.syntax import (
    Binary,
    Call,
    Choice,
    Declaration,
    Expr,
    Fields,
    Func,
    Header,
    If,
    Index,
    Items,
    Lambda,
    Loop,
    Member,
    Module,
    Nested,
    Output,
    Param,
    Resource,
    Spread,
    Text,
    Unary,
    Var,
)

type Inside = tuple[Expr, frozenset[str]]
"""An expression, and the loop variables and lambda arguments that are known in it."""


def parts(of: Expr) -> Iterator[Inside]:
    """Give the expressions that one consists of, each with the names that it adds there."""
    none = frozenset[str]()
    match of:
        case Text(pieces):
            yield from ((piece, none) for piece in pieces if not isinstance(piece, str))
        case Member(of=inner) | Nested(of=inner) | Unary(of=inner) | Spread(of=inner):
            yield inner, none
        case Index(one, other) | Binary(_, one, other) | If(one, other):
            yield from ((one, none), (other, none))
        case Call(of=target, arguments=arguments):
            yield from ((each, none) for each in ((target, *arguments) if target else arguments))
        case Lambda(names, body):
            yield body, frozenset(names)
        case Choice(condition, yes, no):
            yield from ((condition, none), (yes, none), (no, none))
        case Items(items):
            yield from ((each, none) for each in items)
        case Fields(pairs, resources):
            for key, value in pairs:
                yield from ((key, none), (value, none))
            yield from ((resource.body, none) for resource in resources)
        case Loop(item, index, inner, body):
            yield inner, none
            yield body, frozenset({item, index} - {""})


def walk(of: Expr, known: frozenset[str] = frozenset()) -> Iterator[Inside]:
    """Give an expression and all in it, each with the names that loops and lambdas around it add."""
    yield of, known
    for inner, added in parts(of):
        yield from walk(inner, known | added)


def roots(of: Declaration) -> Iterator[Inside]:
    """Give the expressions of a declaration, decorators included."""
    match of:
        case Param(default=value) if value is not None:
            yield value, frozenset()
        case Var(value=value) | Output(value=value) | Header(value=value):
            yield value, frozenset()
        case Resource(body=body) | Module(body=body):
            yield body, frozenset()
        case Func(parameters=parameters, body=body):
            yield body, frozenset(name for name, _ in parameters)
        case _:
            pass
    for call in getattr(of, "decorators", ()):
        yield from ((each, frozenset[str]()) for each in call.arguments)


def everything(of: Declaration) -> Iterator[Inside]:
    """Give every expression in a declaration."""
    for root, known in roots(of):
        yield from walk(root, known)
