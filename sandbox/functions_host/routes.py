"""Route templates, and which function a request goes to; pure.

As in Azure: literals match in any case, routes are tried **in the order of the functions' names** and the
first whose template, constraints and methods all fit wins; a method that no route takes is 404, not 405.
Source: https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote

import msgspec

from sandbox.functions_host.route_constraints import Test, constraint
from sandbox.functions_host.specs import FunctionSpec, HttpTrigger

_PARAMETER = re.compile(r"\{((?:[^{}]|\{\{|\}\})+)\}")
_NAME = re.compile(r"(\*{0,2})([^\W\d]\w*)")
_ENCODED_SLASH = re.compile("%2f", re.IGNORECASE)


class Parameter(msgspec.Struct, frozen=True):
    """One `{parameter}`: its name, tests, default, and whether it may be absent or takes the rest."""

    name: str
    tests: tuple[Test, ...]
    default: str | None
    optional: bool
    catch_all: bool


class Template(msgspec.Struct, frozen=True):
    """A compiled route: `pattern` has one group for each parameter."""

    pattern: re.Pattern[str]
    parameters: tuple[Parameter, ...]

    def match(self, path: str) -> dict[str, str] | None:
        """Return the parameters of a decoded path ("/api/x"), or None if it does not fit."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        values: dict[str, str] = {}
        for parameter, text in zip(self.parameters, found.groups(), strict=True):
            value = text or parameter.default
            if value is None or value == "":
                continue
            if not all(test(value) for test in parameter.tests):
                return None
            values[parameter.name] = value
        return values


class Found(NamedTuple):
    """The function that a request goes to, its trigger, and the route's parameters."""

    spec: FunctionSpec
    trigger: HttpTrigger
    parameters: Mapping[str, str]


class Router:
    """All HTTP functions' routes. Raises ValueError for one that Azure would not serve."""

    def __init__(self, specs: Iterable[FunctionSpec], prefix: str) -> None:
        self._routes = [
            (compile_template(f"{prefix}/{_allowed(spec.name, trigger.route)}"), spec, trigger)
            for spec in sorted(specs, key=lambda each: each.name.upper())
            if isinstance(trigger := spec.trigger, HttpTrigger)
        ]

    def find(self, method: str, raw_path: str) -> Found | None:
        """Find the function for a request; `raw_path` is percent-encoded, without the query."""
        path = decode_path(raw_path)
        for template, spec, trigger in self._routes:
            if trigger.methods and method not in trigger.methods:
                continue
            parameters = template.match(path)
            if parameters is not None:
                return Found(spec, trigger, parameters)
        return None


def _allowed(name: str, route: str) -> str:
    """Return a route, unless its text begins as the host's own do, prefix or not.

    Source: ScriptHost.ValidateHttpFunction of https://github.com/Azure/azure-functions-host.
    """
    text = (route or name).strip("/")
    if text.lower().startswith(("admin", "runtime")):
        raise ValueError(f"{name}: the specified route conflicts with one or more built in routes")
    return route.lstrip("/")


def decode_path(raw_path: str) -> str:
    """Decode a path as Kestrel does: an encoded slash stays encoded."""
    if "%" not in raw_path:
        return raw_path
    return unquote(_ENCODED_SLASH.sub("%252F", raw_path))


def compile_template(template: str) -> Template:
    """Compile a route template. Raises ValueError."""
    parameters: list[Parameter] = []
    pattern = "".join(_segment(segment, parameters) for segment in template.strip("/").split("/") if segment)
    end = "" if parameters and parameters[-1].catch_all else "/?"
    return Template(re.compile(pattern + end, re.IGNORECASE | re.DOTALL), tuple(parameters))


def _segment(segment: str, parameters: list[Parameter]) -> str:
    """Turn one segment into a pattern, adding its parameters to the list."""
    whole = _PARAMETER.fullmatch(segment)
    if whole is None:
        return "/" + _mixed(segment, parameters)
    parameter = _parameter(whole[1])
    parameters.append(parameter)
    if parameter.catch_all:
        return "(?:/(.*))?"
    return "(?:/([^/]+))?" if parameter.optional or parameter.default is not None else "/([^/]+)"


def _mixed(segment: str, parameters: list[Parameter]) -> str:
    """Turn a segment of literals and parameters ("file-{id}.{ext}") into a pattern."""
    pattern, end = "", 0
    for match in _PARAMETER.finditer(segment):
        parameters.append(_parameter(match[1]))
        pattern += re.escape(segment[end : match.start()]) + "([^/]+)"
        end = match.end()
    rest = segment[end:]
    if "{" in rest or "}" in rest:
        raise ValueError(f"route segment {segment!r} has a brace that does not match")
    return pattern + re.escape(rest)


def _parameter(text: str) -> Parameter:
    """Read the inside of a brace: [*]name[:constraint…][=default][?]."""
    plain = text.replace("{{", "{").replace("}}", "}")
    optional = plain.endswith("?")
    head, *rest = _split(plain.removesuffix("?"))
    match = _NAME.fullmatch(head)
    if match is None:
        raise ValueError(f"{{{text}}} is not a route parameter")
    tests = tuple(constraint(each[1:]) for each in rest if each[0] == ":")
    default = next((each[1:] for each in rest if each[0] == "="), None)
    return Parameter(match[2], tests, default, optional, bool(match[1]))


def _split(text: str) -> list[str]:
    """Cut before every ":" and "=" that is not inside parentheses: a constraint's argument may hold both."""
    parts, depth = [""], 0
    for sign in text:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign in ":=" and depth == 0:
            parts.append("")
        parts[-1] += sign
    return parts
