"""What the functions of Bicep do, for values that are known. Those of Azure give steady stand-ins.

https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-functions
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable
from functools import cmp_to_key, reduce
from typing import Any

from tests.infra.bicep.values import SUBSCRIPTION, Broken, Later, Seen

DEPLOYER = "00000000-0000-0000-0000-000000000004"
"""Object id of who deploys."""

# Any: what a function takes and gives is only known when it runs.


def _plain(value: Any) -> Any:
    return value.whole() if isinstance(value, Seen) else value


def show(value: Any) -> str:
    """Return a value as it stands in a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else "" if value is None else _as_json(value)


def _as_json(value: Any) -> str:
    return str(value) if isinstance(value, int) else json.dumps(value, separators=(",", ":"))


def _joined(lists: Iterable[list[Any]]) -> list[Any]:
    return [each for some in lists for each in some]


def _union(*values: Any) -> Any:
    if isinstance(values[0], list):
        every = _joined(values)
        return [each for i, each in enumerate(every) if each not in every[:i]]
    merged: dict[str, Any] = {}
    for each in values:
        for key, value in each.items():
            both = isinstance(merged.get(key), dict) and isinstance(value, dict)
            merged[key] = _union(merged[key], value) if both else value
    return merged


def _contains(of: Any, what: Any) -> bool:
    return what in of


def _empty(of: Any) -> bool:
    return of is None or (len(of) == 0 and not isinstance(of, Later))


def _sized(of: Any) -> int:
    if isinstance(of, Later):
        raise Broken(f"the length of {of} is not known here")
    return len(of)


def _to_object(
    of: list[Any], key: Callable[..., Any], value: Callable[..., Any] | None = None
) -> dict[str, Any]:
    return {key(each): value(each) if value else each for each in of}


def _concat(*values: Any) -> Any:
    return _joined(values) if isinstance(values[0], list) else "".join(map(show, values))


def _indexed(call: Callable[..., Any], of: list[Any]) -> list[Any]:
    """Lambdas of map and filter may take the index too."""
    two = getattr(call, "takes", 1) == 2
    return [call(each, i) if two else call(each) for i, each in enumerate(of)]


def _format(pattern: str, *values: Any) -> str:
    return pattern.format(*map(show, values))


def _ends(of: list[Any], at: int) -> Any:
    return of[at] if of else None


def resource_id(start: str, *parts: str) -> str:
    """Return the id of a resource below `start`: its type and names, and what goes before the type."""
    texts = list(parts)
    while texts and "/" not in texts[0].removeprefix("/"):
        start += "" if texts[0].startswith("/") else f"/{texts[0]}"
        texts.pop(0)
    namespace, *kinds = texts[0].split("/")
    path = "/".join(f"{kind}/{name}" for kind, name in zip(kinds, texts[1:], strict=True))
    return f"{start}/providers/{namespace}/{path}"


def _now(form: str = "yyyyMMddTHHmmssZ") -> str:
    for sign, value in (
        ("yyyy", "2026"),
        ("MM", "01"),
        ("dd", "01"),
        ("HH", "00"),
        ("mm", "00"),
        ("ss", "00"),
    ):
        form = form.replace(sign, value)
    return form


def _thirteen(text: str) -> str:
    """Thirteen small letters and digits, as uniqueString gives."""
    return "u" + hashlib.sha256(text.encode()).hexdigest()[:12]


_BUILTIN: dict[str, Callable[..., Any]] = {
    "array": lambda of: of if isinstance(of, list) else [of],
    "base64": lambda of: f"<base64 of {of}>",
    "bool": lambda of: show(of).lower() in {"true", "1"},
    "coalesce": lambda *of: next((each for each in of if each is not None), None),
    "concat": _concat,
    "contains": _contains,
    "createArray": lambda *of: list(of),
    "createObject": lambda *of: dict(zip(of[::2], of[1::2], strict=True)),
    "deployer": lambda: {"objectId": DEPLOYER, "tenantId": "00000000-0000-0000-0000-000000000003"},
    "deployment": lambda: {"name": "main", "properties": {}},
    "empty": _empty,
    "endsWith": lambda of, what: of.lower().endswith(what.lower()),
    "environment": lambda: {
        "name": "AzureCloud",
        "authentication": {"loginEndpoint": "https://login.microsoftonline.com/"},
        "resourceManager": "https://management.azure.com/",
        "suffixes": {
            "storage": "core.windows.net",
            "keyvaultDns": ".vault.azure.net",
            "sqlServerHostname": ".database.windows.net",
        },
    },
    "extensionResourceId": resource_id,
    "filter": lambda of, call: [e for e, keep in zip(of, _indexed(call, of), strict=True) if keep],
    "first": lambda of: _ends(of, 0),
    "flatten": lambda of: _joined(of),
    "format": _format,
    "guid": lambda *of: str(uuid.uuid5(uuid.NAMESPACE_URL, "-".join(of))),
    "indexOf": lambda of, what: of.lower().find(what.lower()) if isinstance(of, str) else of.index(what),
    "int": lambda of: int(of),
    "items": lambda of: [{"key": key, "value": of[key]} for key in sorted(of)],
    "join": lambda of, by: by.join(map(show, of)),
    "json": lambda of: json.loads(of),
    "last": lambda of: _ends(of, -1),
    "length": _sized,
    "map": lambda of, call: _indexed(call, of),
    "mapValues": lambda of, call: {key: call(value) for key, value in of.items()},
    "max": lambda *of: max(of[0] if isinstance(of[0], list) else of),
    "min": lambda *of: min(of[0] if isinstance(of[0], list) else of),
    "newGuid": lambda: "00000000-0000-0000-0000-000000000002",
    "objectKeys": lambda of: sorted(of),
    "padLeft": lambda of, size, by=" ": show(of).rjust(size, by),
    "range": lambda start, count: list(range(start, start + count)),
    "reduce": lambda of, start, call: reduce(call, of, start),
    "replace": lambda of, what, by: of.replace(what, by),
    "shallowMerge": lambda of: {key: value for each in of for key, value in each.items()},
    "skip": lambda of, count: of[count:],
    "sort": lambda of, before: sorted(of, key=cmp_to_key(lambda a, b: before(b, a) - before(a, b))),
    "split": lambda of, by: of.split(by),
    "startsWith": lambda of, what: of.lower().startswith(what.lower()),
    "string": lambda of: of if isinstance(of, str) else json.dumps(of, separators=(",", ":")),
    "subscription": lambda *of: {
        "id": SUBSCRIPTION,
        "subscriptionId": SUBSCRIPTION.rpartition("/")[2],
        "tenantId": "00000000-0000-0000-0000-000000000003",
        "displayName": "subscription",
    },
    "subscriptionResourceId": lambda *of: resource_id(SUBSCRIPTION, *of),
    "substring": lambda of, start, size=None: of[start : None if size is None else start + size],
    "take": lambda of, count: of[:count],
    "tenant": lambda: {"tenantId": "00000000-0000-0000-0000-000000000003"},
    "tenantResourceId": lambda *of: resource_id("", *of),
    "toLower": lambda of: of.lower(),
    "toObject": _to_object,
    "toUpper": lambda of: of.upper(),
    "trim": lambda of: of.strip(),
    "union": _union,
    "uniqueString": lambda *of: _thirteen("-".join(of)),
    "uri": lambda of, path: f"{of.rstrip('/')}/{path.lstrip('/')}",
    "uriComponent": lambda of: of,
    "utcNow": _now,
    "dateTimeAdd": lambda of, by, form="": of,
}


def call(name: str, arguments: list[Any]) -> Any:
    """Call a function. Raises Broken where it does not take what it gets."""
    if name not in _BUILTIN:
        raise Broken(f"what {name} gives is not known here")
    try:
        return _BUILTIN[name](*map(_plain, arguments))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise Broken(f"{name} does not take what it gets: {error}") from None
