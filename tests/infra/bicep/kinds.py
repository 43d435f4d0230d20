"""Which kind of value an expression has, as far as can be told without running it.

A kind is "string", "int", "bool", "array", "object", "null", or "" where it cannot be told.
"""

from __future__ import annotations

from tests.infra.bicep.functions import FUNCTIONS
from tests.infra.bicep.project import Project, Scope, beside
from tests.infra.bicep.syntax import (
    ArrayOf,
    Binary,
    Call,
    Choice,
    Expr,
    Fields,
    Items,
    Kind,
    Literal,
    Loop,
    Member,
    Name,
    Nullable,
    OneOf,
    Shape,
    Simple,
    Text,
    Unary,
)

_OF_PYTHON = {bool: "bool", int: "int", str: "string", type(None): "null"}
_BOOLEAN = {"==", "!=", "=~", "!~", "<", ">", "<=", ">=", "&&", "||"}
_PLAIN = {"string", "int", "bool", "array", "object"}


def kind_of(kind: Kind | None) -> str:
    """Return what a declared type is at bottom."""
    match kind:
        case Nullable():
            return ""
        case ArrayOf():
            return "array"
        case Shape():
            return "object"
        case OneOf(values):
            return _OF_PYTHON[type(values[0])]
        case Simple(name=name) if name in _PLAIN:
            return name
    return ""


def infer(of: Expr, project: Project, path: str, scope: Scope) -> str:
    """Return the kind of an expression in a file."""
    match of:
        case Text():
            return "string"
        case Literal(value):
            return _OF_PYTHON[type(value)]
        case Items() | Loop():
            return "array"
        case Fields():
            return "object"
        case Unary(sign):
            return "bool" if sign == "!" else "int"
        case Binary(sign, left, right) if sign == "??":
            return _same(infer(left, project, path, scope), infer(right, project, path, scope))
        case Binary(sign):
            return "bool" if sign in _BOOLEAN else "int"
        case Choice(_, yes, no):
            return _same(infer(yes, project, path, scope), infer(no, project, path, scope))
        case Call(of=None, name=name):
            return FUNCTIONS.get(name, (0, 0, ""))[2]
        case Name(name=name) if name in scope.params:
            return kind_of(scope.params[name].kind)
        case Name(name=name) if name in scope.vars:
            return infer(scope.vars[name].value, project, path, scope)
        case Member(of=Member(of=Name(name=module), name="outputs"), name=name) if module in scope.modules:
            target = beside(path, scope.modules[module].path)
            outputs = project.scope(target).outputs if target in project.texts else {}
            return kind_of(outputs[name].kind) if name in outputs else ""
    return ""


def disagreement(value: Expr, kind: Kind | None, project: Project, path: str, scope: Scope) -> str:
    """Return what is wrong with giving a value to something of a type; "" if nothing is."""
    wanted, given = kind_of(kind), infer(value, project, path, scope)
    if wanted and given and wanted != given:
        return f"takes {wanted} and is given {given}"
    if isinstance(kind, OneOf) and isinstance(value, Text) and value.plain is not None:
        return "" if value.plain in kind.values else f"does not allow {value.plain!r}"
    return ""


def _same(one: str, other: str) -> str:
    if "null" in {one, other}:
        return ""
    return one if one == other else ""
