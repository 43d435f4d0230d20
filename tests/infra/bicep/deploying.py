"""A project and its parameters → the resources that would be made, with all that stands in them.

Names, conditions, loops and modules are worked out as a deployment would; what Azure alone knows is `Later`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from tests.infra.bicep.checking import check
from tests.infra.bicep.evaluating import Evaluator
from tests.infra.bicep.project import Project, Scope, beside
from tests.infra.bicep.syntax import Expr, Fields, If, Loop, Module, Param, Resource, Text
from tests.infra.bicep.values import Broken, Made, Place, Ran

_NOT_IN_BODY = {"parent", "scope", "dependsOn"}
_GROUPS = "microsoft.resources/resourcegroups"


class Deployment(Struct):
    """What one set of parameters deploys, and the parameters with their defaults.

    `modules`: the place and name of each deployment that a module is.
    """

    resources: list[Made] = field(default_factory=list)
    modules: list[tuple[Place, str]] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)

    def of(self, *types: str) -> list[Made]:
        """Return the resources of some types, existing ones left out."""
        wanted = {each.lower() for each in types}
        return [each for each in self.resources if each.type.lower() in wanted and not each.existing]


def deploy(
    project: Project,
    path: str,
    file: str = "",
    given: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Deployment:
    """Deploy a main file with a file of parameters, and some parameters in place of those. Raises Broken."""
    params = {**(parameters(project, file, environment) if file else {}), **(given or {})}
    deployment = Deployment()
    subscription = project.files[path].header("targetScope") == "subscription"
    instance = _Instance(project, path, params, Place("" if subscription else "rg"), deployment)
    instance.run()
    deployment.outputs = {name: instance.output(name) for name in project.scope(path).outputs}
    deployment.params = {name: instance.lookup(name) for name in project.scope(path).params}
    return deployment


def parameters(project: Project, path: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what a file of parameters sets."""
    file, scope = project.parameter_files[path], project.scope(path)
    evaluator: Evaluator

    def lookup(name: str) -> Any:
        if name in scope.vars:
            return evaluator.value(scope.vars[name].value)
        raise Broken(f"nothing is called {name} in {path}")

    evaluator = Evaluator(project, path, lookup, Place(), environment)
    return {each.name: evaluator.value(each.default) for each in file.all(Param) if each.default is not None}


class _Instance:
    """One file that is deployed once, with its parameters."""

    def __init__(
        self, project: Project, path: str, given: Mapping[str, Any], place: Place, into: Deployment
    ) -> None:
        self._project, self._path, self._given, self._place, self._into = project, path, given, place, into
        self._scope: Scope = project.scope(path)
        self._known: dict[str, Any] = {}
        self._working: set[str] = set()
        self._evaluator = Evaluator(project, path, self.lookup, place)

    def run(self) -> None:
        """Make all that the file declares."""
        for name in (*self._scope.params, *self._scope.vars, *self._scope.resources, *self._scope.modules):
            self.lookup(name)

    def lookup(self, name: str) -> Any:
        """Return the value of a name, worked out once."""
        if name not in self._known:
            if name in self._working:
                raise Broken(f"{self._path}: {name} needs itself")
            self._working.add(name)
            try:
                self._known[name] = self._work_out(name)
            except Broken as broken:
                raise Broken(f"{self._path}: {name}: {broken}") from None
        return self._known[name]

    def output(self, name: str) -> Any:
        """Return what an output gives."""
        declared = self._scope.outputs[name]
        value = self._evaluator.value(declared.value)
        if wrong := check(value, declared.kind, (), self._scope):
            raise Broken(f"{self._path}: output {name} {wrong}")
        return value

    def _work_out(self, name: str) -> Any:
        scope = self._scope
        if name in scope.params:
            return self._param(scope.params[name])
        if name in scope.vars:
            return self._evaluator.value(scope.vars[name].value)
        if name in scope.resources:
            return self._each(scope.resources[name], scope.resources[name].body, {})
        if name in scope.modules:
            return self._each(scope.modules[name], scope.modules[name].body, {})
        raise Broken(f"nothing is called {name}")

    def _param(self, param: Param) -> Any:
        if param.name in self._given:
            value = self._given[param.name]
        elif param.default is not None:
            value = self._evaluator.value(param.default)
        else:
            value = None
        if wrong := check(value, param.kind, param.decorators, self._scope):
            raise Broken(wrong)
        return value

    def _each(self, what: Resource | Module, body: Expr, known: dict[str, Any], absent: bool = False) -> Any:
        match body:
            case Loop(item, index, of, inner):
                values = self._evaluator.value(of, known)
                each = enumerate(values if isinstance(values, list) else [])
                return [self._each(what, inner, {**known, item: one, index: i}, absent) for i, one in each]
            case If(condition, inner):
                wanted = self._evaluator.value(condition, known)
                if not isinstance(wanted, bool):
                    raise Broken(f"its condition is {wanted!r}")
                return self._each(what, inner, known, absent or not wanted)
            case Fields() if isinstance(what, Module):
                return self._module(what, body, known, absent)
            case Fields() if isinstance(what, Resource):
                return self._resource(what, body, known, absent)
        raise Broken("it has no body")

    def _module(self, module: Module, body: Fields, known: dict[str, Any], absent: bool) -> Ran:
        if absent:
            return Ran(module.name, None)
        scope, given = body.get("scope"), body.get("params")
        place = self._place_of(self._evaluator.value(scope, known)) if scope else self._place
        passed = self._evaluator.fields(given, known) if isinstance(given, Fields) else {}
        inner = _Instance(self._project, beside(self._path, module.path), passed, place, self._into)
        inner.run()
        name = self._evaluator.value(body.get("name") or Text((module.name,)), known)
        self._into.modules.append((place, str(name)))
        return Ran(module.name, {}, inner.output)

    def _place_of(self, value: Any) -> Place:
        if isinstance(value, Made) and value.type.lower() == _GROUPS:
            return Place(value.name)
        if isinstance(value, Place):
            return value
        raise Broken(f"{value!r} is no place for a module")

    def _resource(self, resource: Resource, body: Fields, known: dict[str, Any], absent: bool) -> Made:
        own = Fields(tuple((k, v) for k, v in body.pairs if getattr(k, "plain", None) not in _NOT_IN_BODY))
        parent, scope = body.get("parent"), body.get("scope")
        made = Made(
            self._path,
            resource.name,
            resource.type,
            resource.version,
            str(self._evaluator.value(body.get("name") or Fields(()), known)),
            self._place,
            existing=resource.existing,
            absent=absent,
        )
        if parent is not None:
            made.parent = self._made_of(self._evaluator.value(parent, known))
        if scope is not None:
            of = self._evaluator.value(scope, known)
            if isinstance(of, Place):
                made.place = of
            elif isinstance(of, dict):
                pass  # resourceGroup() or subscription(): where we are
            else:
                made.scope = self._made_of(of)
        if not absent:
            made.body = self._evaluator.fields(own, known)
            self._into.resources.append(made)
        return made

    def _made_of(self, value: Any) -> Made:
        if not isinstance(value, Made):
            raise Broken(f"{value!r} is no resource")
        return value
