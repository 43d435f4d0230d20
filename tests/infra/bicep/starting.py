"""What must be known when a deployment starts: names, places, conditions and loops (BCP120, BCP178, BCP182).

The classic mistake is a role assignment that is named after a principal id which another resource only gets
when it is made. https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-core-diagnostics
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.infra.bicep.project import Project, Scope
from tests.infra.bicep.syntax import (
    Call,
    Declaration,
    Expr,
    Fields,
    If,
    Index,
    Loop,
    Member,
    Module,
    Name,
    Resource,
    Var,
    innermost,
)
from tests.infra.bicep.walking import Inside, parts

_KNOWN_OF_RESOURCES = {"id", "name", "type", "apiVersion"}
_KNOWN_OF_MODULES = {"name"}


def start_problems(project: Project) -> Iterator[str]:
    """Give what is to be known at the start and is known only later."""
    for path in project.files:
        scope = project.scope(path)
        for each, inside in project.walked(path):
            for what, value in _at_start(each, inside):
                if later := _later(value, scope):
                    yield f"{path}: line {getattr(each, 'line', 0)}: {what} of {each.name} needs {later}"


def _at_start(each: Declaration, everything: tuple[Inside, ...]) -> Iterator[tuple[str, Expr]]:
    for inside, _ in everything:
        if isinstance(inside, Loop):
            yield "a loop", inside.of
            if isinstance(each, Var):
                yield "a loop", inside.body
        elif isinstance(inside, If):
            yield "the condition", inside.condition
    if isinstance(each, Resource | Module):
        body = innermost(each.body)
        for key in ("name", "scope"):
            value = body.get(key)
            if value is not None and not isinstance(value, Name | Index):
                yield f"the {key}", value
            elif key == "name" and value is not None:
                yield "the name", value


def _later(of: Expr, scope: Scope, seen: frozenset[str] = frozenset()) -> str:
    """Return what an expression needs that is made only by the deployment; "" if nothing."""
    match of:
        case Member(of=target, name=name):
            root = target.of if isinstance(target, Index) else target
            if isinstance(root, Name) and root.name in scope.resources:
                return "" if name in _KNOWN_OF_RESOURCES else f"{root.name}.{name}"
            if isinstance(root, Name) and root.name in scope.modules:
                return "" if name in _KNOWN_OF_MODULES else f"{root.name}.{name}"
        case Call(name=name) if name == "reference" or name.startswith("list") or name == "getSecret":
            return f"{name}()"
        case Name(name=name) if name in scope.vars and name not in seen:
            return _later(scope.vars[name].value, scope, seen | {name})
        case Name(name=name) if name in scope.resources or name in scope.modules:
            return name
        case Fields(resources=children) if children:
            return ""
    return next((found for inner, _ in parts(of) if (found := _later(inner, scope, seen))), "")
