"""What a compiler would say of names: whether all that is meant exists, and all that is declared is meant.

https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-core-diagnostics
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from msgspec import Struct

from tests.infra.bicep.functions import DECORATORS, FUNCTIONS, LOADS, NAMESPACES
from tests.infra.bicep.project import Project, Scope, Walked, beside
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

_KINDS = {"string", "int", "bool", "array", "object"}


class _Here(Struct):
    """One file, with every expression of each of its declarations."""

    project: Project
    path: str
    scope: Scope
    declared: Walked

    def inside[T: Expr](self, kind: type[T]) -> Iterator[T]:
        """Give the expressions of a kind."""
        for _, inside in self.declared:
            yield from (each for each, _ in inside if isinstance(each, kind))


def problems(project: Project) -> Iterator[str]:
    """Give all that does not resolve in the Bicep files of a project."""
    rules: tuple[Callable[[_Here], Iterator[str]], ...] = (
        *(_twice, _names, _nested, _functions, _arguments, _loads, _places),
        *(_decorators, _outputs, _types, _unused),
    )
    for path in project.files:
        here = _Here(project, path, project.scope(path), project.walked(path))
        yield from (f"{path}: {line}" for rule in rules for line in rule(here))


def _twice(here: _Here) -> Iterator[str]:
    """Give names that are declared twice (BCP028). Outputs have a room of their own, all others share one."""
    named = [each for each, _ in here.declared if not isinstance(each, Import | Header)]
    counts = Counter((each.name, isinstance(each, Output)) for each in named)
    yield from (f"{name} is declared twice" for (name, _), count in counts.items() if count > 1)


def _names(here: _Here) -> Iterator[str]:
    """Give names that are neither declared nor of a loop or lambda around them (BCP057)."""
    for declaration, inside in here.declared:
        # A function sees its own arguments alone.
        known = frozenset(here.scope.imports) if isinstance(declaration, Func) else here.scope.values
        for each, added in inside:
            if isinstance(each, Name) and each.name not in known | added | NAMESPACES:
                yield f"line {each.line}: nothing is called {each.name}"


def _nested(here: _Here) -> Iterator[str]:
    """Give resources that are not declared inside the one that they are sought in."""
    for each in here.inside(Nested):
        outer = here.scope.resources.get(each.of.name) if isinstance(each.of, Name) else None
        if outer and each.name not in {child.name for child in innermost(outer.body).resources}:
            yield f"line {each.line}: {outer.name} has no resource {each.name} in it"


def _plain_calls(here: _Here) -> Iterator[Call]:
    """Give calls of functions, not those of what a resource can do, as `storage.listKeys()`."""
    for each in here.inside(Call):
        if each.of is None or (isinstance(each.of, Name) and each.of.name in NAMESPACES):
            yield each


def _functions(here: _Here) -> Iterator[str]:
    """Give calls of no function (BCP082)."""
    known = {*FUNCTIONS, *here.scope.funcs, *here.scope.imports}
    for each in _plain_calls(here):
        if each.name not in known:
            yield f"line {each.line}: {each.name} is no function that is known here"


def _arguments(here: _Here) -> Iterator[str]:
    """Give calls with too many or too few arguments (BCP071)."""
    counts = {name: (least, most) for name, (least, most, _) in FUNCTIONS.items()}
    counts |= {name: (n := len(func.parameters), n) for name, func in here.scope.funcs.items()}
    for each in _plain_calls(here):
        least, most = counts.get(each.name, (0, len(each.arguments)))
        if not least <= len(each.arguments) <= most:
            yield f"line {each.line}: {each.name} gets {len(each.arguments)} arguments"


def _loads(here: _Here) -> Iterator[str]:
    """Give files that are loaded and are not there (BCP091)."""
    for each in _plain_calls(here):
        path = each.arguments[0] if each.name in LOADS and each.arguments else None
        target = beside(here.path, path.plain or "") if isinstance(path, Text) else ""
        if target and target not in here.project.texts:
            yield f"line {each.line}: {each.name} loads {target}, which is not there"


def _places(here: _Here) -> Iterator[str]:
    """Give calls for the group that is deployed to where none is."""
    subscription = here.project.files[here.path].header("targetScope") == "subscription"
    for each in _plain_calls(here) if subscription else ():
        if each.name == "resourceGroup" and not each.arguments:
            yield f"line {each.line}: resourceGroup says no group, and a subscription is deployed to"


def _decorators(here: _Here) -> Iterator[str]:
    """Give decorators that there are not."""
    for each, _ in here.declared:
        for call in getattr(each, "decorators", ()):
            if call.name not in DECORATORS:
                yield f"line {call.line}: {call.name} is no decorator"


def _outputs(here: _Here) -> Iterator[str]:
    """Give what is read of modules and is none of their outputs (BCP053)."""
    for each in here.inside(Member):
        of = each.of
        inner = of.of if isinstance(of, Member) and of.name == "outputs" else None
        if module := _module_meant(inner, here.scope):
            there = beside(here.path, module.path)
            if there in here.project.texts and each.name not in here.project.scope(there).outputs:
                yield f"line {each.line}: {module.path} has no output {each.name}"
        elif _module_meant(of, here.scope) and each.name not in {"outputs", "name"}:
            yield f"line {each.line}: a module has no {each.name}"


def _module_meant(of: Expr | None, scope: Scope) -> Module | None:
    of = of.of if isinstance(of, Index) else of
    return scope.modules.get(of.name) if isinstance(of, Name) else None


def _types(here: _Here) -> Iterator[str]:
    """Give types that are neither of Bicep nor declared (BCP302)."""
    known = {*_KINDS, *here.scope.types, *here.scope.imports}
    for each, _ in here.declared:
        yield from (f"{each.name}: {name} is no type" for name in sorted(_kinds(each) - known))


def _unused(here: _Here) -> Iterator[str]:
    """Give what is declared only to be used, and is not: all but outputs, modules and resources to make."""
    meant = {each.name for each in here.inside(Name)} | {each.name for each in here.inside(Call)}
    meant |= {name for each, _ in here.declared for name in _kinds(each)}
    scope = here.scope
    existing = {name for name, each in scope.resources.items() if each.existing}
    declared = {*scope.params, *scope.vars, *scope.funcs, *scope.types, *scope.imports, *existing}
    yield from (f"nothing uses {name}" for name in sorted(declared - meant - _exported(here)))


def _exported(here: _Here) -> set[str]:
    """Return what is declared for other files."""
    calls = ((each.name, getattr(each, "decorators", ())) for each, _ in here.declared)
    return {name for name, decorators in calls if any(call.name == "export" for call in decorators)}


def _kinds(of: Declaration) -> set[str]:
    """Return the names of types in a declaration."""
    kinds = [getattr(of, "kind", None), *(kind for _, kind in getattr(of, "parameters", ()))]
    return {name for kind in kinds if kind for name in _simple(kind)}


def _simple(kind: Kind) -> Iterator[str]:
    match kind:
        case Simple(name=name):
            yield name
        case ArrayOf(of=inner) | Nullable(of=inner):
            yield from _simple(inner)
        case Shape(fields=fields):
            for _, inner in fields:
                yield from _simple(inner)
