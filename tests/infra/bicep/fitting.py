"""What a compiler would say of how things fit: modules and their parameters, values and types, parents.

https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-core-diagnostics
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.infra.bicep.checking import bound_problem
from tests.infra.bicep.functions import AMBIENT
from tests.infra.bicep.kinds import disagreement
from tests.infra.bicep.project import Project, Scope, beside
from tests.infra.bicep.syntax import (
    Call,
    Expr,
    Fields,
    Index,
    Literal,
    Module,
    Name,
    Nullable,
    Output,
    Param,
    Resource,
    Text,
    innermost,
)

_OF_MODULES = {"name", "scope", "params", "dependsOn", "identity"}


def fit_problems(project: Project) -> Iterator[str]:
    """Give all that does not fit in the Bicep files of a project."""
    for path, file in project.files.items():
        scope = project.scope(path)
        found = [line for each in file.all(Module) for line in _module(each, project, path, scope)]
        for each in file.interface:
            found += _declared_value(each, project, path, scope)
        for resource in scope.resources.values():
            found += [*_parent(resource, scope), *_scope(resource, scope)]
        yield from (f"{path}: {each}" for each in found)


def parameter_problems(project: Project) -> Iterator[str]:
    """Give what files of parameters set and is not there or does not fit, and what they lack."""
    for path, file in project.parameter_files.items():
        target = beside(path, file.header("using"))
        if target not in project.texts:
            yield f"{path}: uses {target}, which is not there"
            continue
        wanted, scope = project.scope(target).params, project.scope(path)
        given = {each.name: each.default for each in file.all(Param)}
        yield from (f"{path}: {name} is no parameter" for name in given if name not in wanted)
        yield from (f"{path}: {name} must be set" for name in _must(wanted) if name not in given)
        for name, value in given.items():
            if name in wanted and value and (wrong := _misfit(value, wanted[name], project, path, scope)):
                yield f"{path}: {name} {wrong}"


def _must(params: dict[str, Param]) -> list[str]:
    return [n for n, each in params.items() if each.default is None and not isinstance(each.kind, Nullable)]


def _module(module: Module, project: Project, path: str, scope: Scope) -> Iterator[str]:
    """Give what a module lacks, or gets and does not take (BCP035, BCP037, BCP036, BCP091)."""
    where, target = f"line {module.line}: module {module.name}", beside(path, module.path)
    if target not in project.texts:
        yield f"{where} is {target}, which is not there"
        return
    body = innermost(module.body)
    yield from (f"{where} has no {name}" for name in body.keys if name not in _OF_MODULES)
    params, wanted = body.get("params"), project.scope(target).params
    given = params if isinstance(params, Fields) else Fields(())
    yield from (f"{where} gets {name} twice" for name, n in Counter(given.keys).items() if n > 1)
    yield from (f"{where} takes no {name}" for name in given.keys if name not in wanted)
    yield from (f"{where} must get {name}" for name in _must(wanted) if name not in given.keys)
    for name in given.keys:
        value = given.get(name)
        if name in wanted and value and (wrong := _misfit(value, wanted[name], project, path, scope)):
            yield f"{where}: {name} {wrong}"


def _declared_value(each: Param | Output, project: Project, path: str, scope: Scope) -> Iterator[str]:
    """Give a default, or what an output gives, that is not of its type, or not allowed (BCP033)."""
    value = each.default if isinstance(each, Param) else each.value
    if value and (wrong := _misfit(value, each, project, path, scope)):
        yield f"line {each.line}: {each.name} {wrong}"


def _misfit(value: Expr, target: Param | Output, project: Project, path: str, scope: Scope) -> str:
    wrong = disagreement(value, target.kind, project, path, scope)
    literal = value.plain if isinstance(value, Text) else value.value if isinstance(value, Literal) else None
    return wrong or bound_problem(literal, target.decorators)


def _parent(resource: Resource, scope: Scope) -> Iterator[str]:
    """Give a parent that is no resource, or one of a type that the child's does not go on from (BCP036)."""
    where, parent = f"line {resource.line}: {resource.name}", innermost(resource.body).get("parent")
    name = _root(parent)
    if name and name not in scope.resources:
        yield f"{where}: its parent {name} is no resource"
    elif name and resource.type.rpartition("/")[0].lower() != scope.resources[name].type.lower():
        yield f"{where} is {resource.type}, and its parent {name} is {scope.resources[name].type}"
    if not resource.version or "/" not in resource.type:
        yield f"{where}: {resource.type!r} is no type with a version"


def _scope(resource: Resource, scope: Scope) -> Iterator[str]:
    """Give a scope that is neither a resource nor a place to deploy to (BCP036)."""
    where, at = f"line {resource.line}: {resource.name}", innermost(resource.body).get("scope")
    name = _root(at)
    if name and name not in scope.resources:
        yield f"{where}: its scope {name} is no resource"
    elif isinstance(at, Text | Fields) or (isinstance(at, Call) and at.name not in AMBIENT):
        yield f"{where}: its scope is neither a resource nor a place"


def _root(of: Expr | None) -> str:
    of = of.of if isinstance(of, Index) else of
    return of.name if isinstance(of, Name) else ""
