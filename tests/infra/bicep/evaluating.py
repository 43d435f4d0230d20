"""Expressions → values, within one file that is given its parameters: what a deployment would work out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from tests.infra.bicep.builtin import call, resource_id, show
from tests.infra.bicep.functions import NAMESPACES
from tests.infra.bicep.project import Project, beside
from tests.infra.bicep.syntax import (
    Binary,
    Call,
    Choice,
    Expr,
    Fields,
    Index,
    Items,
    Lambda,
    Literal,
    Loop,
    Member,
    Name,
    Nested,
    Spread,
    Text,
    Unary,
)
from tests.infra.bicep.values import Broken, Later, Made, Place, Ran, Seen

# Any: values are of every kind, and what an operator does not take is reported as Broken.

_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "=~": lambda a, b: a.lower() == b.lower(),
    "!~": lambda a, b: a.lower() != b.lower(),
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a // b,
    "%": lambda a, b: a % b,
}


class Function:
    """A lambda, with what was known where it stands."""

    def __init__(self, names: tuple[str, ...], run: Callable[[dict[str, Any]], Any]) -> None:
        self.takes = len(names)
        self._names, self._run = names, run

    def __call__(self, *values: Any) -> Any:
        return self._run(dict(zip(self._names, values, strict=True)))


class Evaluator:
    """Works out the expressions of one file. `lookup` gives the value of a declared name."""

    def __init__(
        self,
        project: Project,
        path: str,
        lookup: Callable[[str], Any],
        place: Place,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._project, self._path, self._lookup, self._place = project, path, lookup, place
        self._environment = environment or {}

    def value(self, of: Expr, known: Mapping[str, Any] | None = None) -> Any:
        """Return what an expression comes to. Raises Broken."""
        known = known or {}
        match of:
            case Literal(value):
                return value
            case Text(parts):
                return self._text(parts, known)
            case Name(name=name):
                return known[name] if name in known else self._lookup(name)
            case Items(items):
                return self._items(items, known)
            case Fields():
                return self.fields(of, known)
            case Loop(item, index, inner, body):
                each = enumerate(_listed(self.value(inner, known)))
                return [self.value(body, {**known, item: one, index: i}) for i, one in each]
            case Choice(condition, yes, no):
                return self.value(yes if self._truth(condition, known) else no, known)
            case Lambda(names, body):
                return Function(names, lambda added: self.value(body, {**known, **added}))
            case Unary(sign, inner):
                return not self._truth(inner, known) if sign == "!" else -self.value(inner, known)
            case Binary(sign, left, right):
                return self._binary(sign, left, right, known)
            case Call():
                return self._call(of, known)
            case Member() | Index():
                return self._inside(of, known)
            case Nested(name=name):
                return self._lookup(name)
        raise Broken(f"{of} has no value")

    def fields(self, of: Fields, known: Mapping[str, Any]) -> dict[str, Any]:
        """Return an object; what is null stays in it, as in Bicep."""
        found: dict[str, Any] = {}
        for key, value in of.pairs:
            if isinstance(key, Spread):
                found |= _whole(self.value(key.of, known))
            else:
                found[self._text(key.parts, known)] = _whole(self.value(value, known))
        return found

    def _text(self, parts: tuple[str | Expr, ...], known: Mapping[str, Any]) -> str:
        values = [part if isinstance(part, str) else self.value(part, known) for part in parts]
        text = "".join(show(_whole(value)) for value in values)
        return Later(text) if any(isinstance(value, Later) for value in values) else text

    def _items(self, items: tuple[Expr, ...], known: Mapping[str, Any]) -> list[Any]:
        found: list[Any] = []
        for each in items:
            if isinstance(each, Spread):
                found += self.value(each.of, known)
            else:
                found.append(_whole(self.value(each, known)))
        return found

    def _truth(self, of: Expr, known: Mapping[str, Any]) -> bool:
        value = self.value(of, known)
        if not isinstance(value, bool):
            raise Broken(f"{value!r} is neither true nor false")
        return value

    def _binary(self, sign: str, left: Expr, right: Expr, known: Mapping[str, Any]) -> Any:
        if sign == "??":
            value = self.value(left, known)
            return self.value(right, known) if value is None else value
        if sign in {"&&", "||"}:
            first = self._truth(left, known)
            return first if first == (sign == "||") else self._truth(right, known)
        try:
            return _SIGNS[sign](self.value(left, known), self.value(right, known))
        except TypeError as error:
            raise Broken(f"{sign} does not take what it gets: {error}") from None

    def _call(self, of: Call, known: Mapping[str, Any]) -> Any:
        if of.of is not None and not (isinstance(of.of, Name) and of.of.name in NAMESPACES):
            target = self.value(of.of, known)
            return Later(f"<secret {of.name} of {getattr(target, 'type', target)}>")
        arguments = [self.value(each, known) for each in of.arguments]
        match of.name:
            case "resourceGroup" if not arguments and not self._place.group:
                raise Broken("resourceGroup() says no group, and a subscription is deployed to")
            case "resourceGroup" if arguments:
                return Place(arguments[-1])
            case "resourceGroup":
                return {"id": self._place.id, "name": self._place.group, "location": "eastus", "tags": {}}
            case "subscription" if arguments:
                return Place()
            case "resourceId":
                return resource_id(self._place.id, *arguments)
            case "readEnvironmentVariable":
                return self._environment_variable(*arguments)
            case "loadTextContent" | "loadJsonContent" | "loadYamlContent":
                return self._loaded(of.name, arguments[0])
        declared = self._declared(of.name)
        return declared(*arguments) if declared else call(of.name, arguments)

    def _declared(self, name: str) -> Function | None:
        func = self._project.scope(self._path).funcs.get(name)
        if func is None:
            return None
        body = func.body
        return Function(tuple(own for own, _ in func.parameters), lambda added: self.value(body, added))

    def _environment_variable(self, name: str, default: str | None = None) -> str:
        value = self._environment.get(name, default)
        if value is None:
            raise Broken(f"the environment must have {name}")
        return value

    def _loaded(self, how: str, path: str) -> Any:
        text = self._project.texts.get(beside(self._path, path))
        if text is None:
            raise Broken(f"{path} is not there")
        if how == "loadTextContent":
            return text
        return json.loads(text) if how == "loadJsonContent" else yaml.safe_load(text)

    def _inside(self, of: Member | Index, known: Mapping[str, Any]) -> Any:
        target = self.value(of.of, known)
        name = of.name if isinstance(of, Member) else self.value(of.key, known)
        return inside(target, name, of.safe)


def inside(target: Any, name: Any, safe: bool = False) -> Any:
    """Return what is called `name` in a value, or stands at an index. Raises Broken."""
    match target:
        case Made():
            return target.member((name,))
        case Seen(of, path):
            return of.member((*path, name))
        case Ran(outputs=None) if safe:
            return None
        case Ran(name=module, outputs=None):
            raise Broken(f"{name} of module {module} is read, and it is not deployed here")
        case Ran():
            return target if name == "outputs" else target.name if name == "name" else target.give(name)
        case Later():
            return target.of(name)
        case dict() if name in target:
            return target[name]
        case list() if isinstance(name, int) and name < len(target):
            return target[name]
        case None if safe:
            return None
        case dict() | list() if safe:
            return None
        case Place() if name in {"id", "name"}:
            return target.id if name == "id" else target.group
    raise Broken(f"{target!r} has no {name}"[:300])


def _whole(value: Any) -> Any:
    if isinstance(value, Made | Ran | Place):
        return value
    return value.whole() if isinstance(value, Seen) else value


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Broken(f"{value!r} is no list to go through")
    return value
