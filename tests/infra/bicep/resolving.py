"""What a compiler would say of names: whether all that is meant exists, and all that is declared is meant.

https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-core-diagnostics
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.infra.bicep.functions import DECORATORS, FUNCTIONS, LOADS, NAMESPACES
from tests.infra.bicep.project import Project, Scope, beside
from tests.infra.bicep.syntax import (
    ArrayOf,
    Call,
    Declaration,
    Expr,
    Func,
    Header,
    Import,
    Index,
    Kind,
    Member,
    Module,
    Name,
    Nested,
    Nullable,
    Output,
    Shape,
    Simple,
    Text,
    innermost,
)
from tests.infra.bicep.walking import everything

_KINDS = {"string", "int", "bool", "array", "object"}
_OF_MODULES = {"name", "scope", "params", "dependsOn", "identity"}


def problems(project: Project) -> Iterator[str]:
    """Give all that does not resolve in the Bicep files of a project."""
    for path, file in project.files.items():
        scope = project.scope(path)
        found = [*_twice(file.declarations), *_names(file.declarations, scope)]
        for each in file.declarations:
            found += _calls(each, project, path, scope)
            found += _outputs(each, project, path, scope)
            found += _types(each, scope)
        found += _unused(file.declarations, scope)
        yield from (f"{path}: {each}" for each in found)


def _twice(declarations: tuple[Declaration, ...]) -> Iterator[str]:
    """Give names that are declared twice (BCP028). Outputs have a room of their own, all others share one."""
    named = [each for each in declarations if not isinstance(each, Import | Header)]
    for room in (
        [e for e in named if not isinstance(e, Output)],
        [e for e in named if isinstance(e, Output)],
    ):
        counts = Counter(each.name for each in room)
        yield from (f"{name} is declared twice" for name, count in counts.items() if count > 1)


def _names(declarations: tuple[Declaration, ...], scope: Scope) -> Iterator[str]:
    """Give names that are neither declared nor of a loop or lambda around them (BCP057)."""
    for each in declarations:
        known = scope.values
        if isinstance(each, Func):
            known = frozenset(scope.imports)  # a function sees its own arguments alone
        for inside, added in everything(each):
            match inside:
                case Name(name=name, line=line) if name not in known | added | NAMESPACES:
                    yield f"line {line}: nothing is called {name}"
                case Nested(of=Name(name=outer), name=name, line=line):
                    children = (
                        innermost(scope.resources[outer].body).resources if outer in scope.resources else ()
                    )
                    if name not in {child.name for child in children}:
                        yield f"line {line}: {outer} has no resource {name} in it"


def _calls(each: Declaration, project: Project, path: str, scope: Scope) -> Iterator[str]:
    """Give calls of no function, or with too many or few arguments (BCP082, BCP071), and files not there."""
    for inside, _ in everything(each):
        if not isinstance(inside, Call) or not (inside.of is None or _is_namespace(inside.of)):
            continue
        where, count = f"line {inside.line}: {inside.name}", len(inside.arguments)
        if inside.name in scope.funcs:
            least = most = len(scope.funcs[inside.name].parameters)
        elif inside.name in FUNCTIONS:
            least, most, _ = FUNCTIONS[inside.name]
        elif inside.name in scope.imports:
            continue
        else:
            yield f"{where} is no function that is known here"
            continue
        if not least <= count <= most:
            yield f"{where} gets {count} arguments"
        if inside.name in LOADS and isinstance(inside.arguments[0], Text):
            target = beside(path, inside.arguments[0].plain or "")
            if target not in project.texts:
                yield f"{where} loads {target}, which is not there"
        if (
            inside.name == "resourceGroup"
            and not count
            and project.files[path].header("targetScope") == "subscription"
        ):
            yield f"{where} says no group, and a subscription is deployed to"
    for call in getattr(each, "decorators", ()):
        if call.name not in DECORATORS:
            yield f"line {call.line}: {call.name} is no decorator"


def _is_namespace(of: Expr) -> bool:
    return isinstance(of, Name) and of.name in NAMESPACES


def _outputs(each: Declaration, project: Project, path: str, scope: Scope) -> Iterator[str]:
    """Give what is read of modules and is none of their outputs (BCP053)."""
    for inside, _ in everything(each):
        if not isinstance(inside, Member):
            continue
        of = inside.of
        target = of.of if isinstance(of, Member) and of.name == "outputs" else None
        if module := _module_meant(target, scope):
            there = beside(path, module.path)
            if there in project.texts and inside.name not in project.scope(there).outputs:
                yield f"line {inside.line}: {module.path} has no output {inside.name}"
        elif (module := _module_meant(of, scope)) and inside.name not in {"outputs", "name"}:
            yield f"line {inside.line}: a module has no {inside.name}"


def _module_meant(of: Expr | None, scope: Scope) -> Module | None:
    of = of.of if isinstance(of, Index) else of
    return scope.modules.get(of.name) if isinstance(of, Name) else None


def _types(each: Declaration, scope: Scope) -> Iterator[str]:
    """Give types that are neither of Bicep nor declared (BCP302)."""
    kinds = [getattr(each, "kind", None), *(kind for _, kind in getattr(each, "parameters", ()))]
    for name in {name for kind in kinds if kind for name in _simple(kind)}:
        if name not in _KINDS | set(scope.types) | set(scope.imports):
            yield f"{each.name}: {name} is no type"


def _simple(kind: Kind) -> Iterator[str]:
    match kind:
        case Simple(name=name):
            yield name
        case ArrayOf(of=inner) | Nullable(of=inner):
            yield from _simple(inner)
        case Shape(fields=fields):
            for _, inner in fields:
                yield from _simple(inner)


def _unused(declarations: tuple[Declaration, ...], scope: Scope) -> Iterator[str]:
    """Give what is declared only to be used, and is not: all but outputs, modules and resources to make."""
    meant = {
        inside.name for each in declarations for inside, _ in everything(each) if isinstance(inside, Name)
    }
    meant |= {
        inside.name for each in declarations for inside, _ in everything(each) if isinstance(inside, Call)
    }
    kinds = [getattr(each, "kind", None) for each in declarations]
    meant |= {name for kind in kinds if kind for name in _simple(kind)}
    existing = {name for name, each in scope.resources.items() if each.existing}
    exported = {
        each.name
        for each in declarations
        if any(call.name == "export" for call in getattr(each, "decorators", ()))
    }
    declared = {*scope.params, *scope.vars, *scope.funcs, *scope.types, *scope.imports, *existing} - exported
    yield from (f"nothing uses {name}" for name in sorted(declared - meant))
