"""Populations as text: what a line of NDJSON or a JSON document holds, as resources, Bundles taken apart.

Pure: whoever has the lines (cli.ndjson_files, shared.usecases.bulk) asks here. Bulk Data
files are of this format: https://hl7.org/fhir/uv/bulkdata/export.html#response---output-files
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import orjson

from shared.errors import Rejected
from shared.fhir.references import resource_key

type Resource = dict[str, object]


def parse_json(text: bytes) -> list[Resource]:
    """Return the resources of one JSON value: itself, those of a Bundle, or of a list of either.

    Raises Rejected for what is no JSON, or no resource. Whether each has a type and an id is for `check`.
    """
    value, found = _loads(text), list[Resource]()
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, dict) or not isinstance(each.get("resourceType"), str):
            raise Rejected("not a resource", "not-a-resource")
        found += unwrap(each)
    return found


def unwrap(resource: Resource) -> list[Resource]:
    """Return the resource, or those in it if it is a Bundle, in the order of the entries, at any depth.

    References by fullUrl within a Bundle (urn:uuid:…, as Synthea writes them) become Type/id.
    """
    found: list[Resource] = []
    waiting = [resource]
    while waiting:
        here = waiting.pop()
        if here.get("resourceType") == "Bundle":
            waiting += reversed(_entries(here))
        else:
            found.append(here)
    return found


def check(resource: Mapping[str, object]) -> None:
    """Raise Rejected for a resource without a type or an id."""
    try:
        resource_key(resource.get("resourceType"), resource.get("id"))
    except Rejected:
        raise Rejected("a resource without a type or an id", "bad-reference") from None


def deletions(text: bytes) -> Iterator[str]:
    """Walk the references that a Bundle says are deleted: a line of a Bulk Data file of kind `deleted`.

    Raises Rejected for what is no JSON.
    """
    bundle = _loads(text)
    for entry in objects(bundle.get("entry") if isinstance(bundle, dict) else None):
        request = entry.get("request")
        if isinstance(request, dict) and request.get("method") == "DELETE":
            yield str(request.get("url"))


def objects(value: object) -> Iterator[Resource]:
    """Walk the objects in a list; anything else in it, or in place of it, is passed over."""
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def _loads(text: bytes) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Rejected("not JSON", "bad-json") from None


def _entries(bundle: Resource) -> list[Resource]:
    """Return the resources of a Bundle; entries that only say something (deletions, outcomes) have none."""
    held = [(entry.get("fullUrl"), entry.get("resource")) for entry in objects(bundle.get("entry"))]
    resources = [resource for _, resource in held if isinstance(resource, dict)]
    names = {
        url: f"{resource.get('resourceType')}/{resource.get('id')}"
        for url, resource in held
        if isinstance(url, str) and url.startswith("urn:") and isinstance(resource, dict)
    }
    for resource in resources if names else ():
        _rename(resource, names)
    return resources


def _rename(root: Resource, names: Mapping[str, str]) -> None:
    """Rewrite every reference in a resource, with our own stack as nesting has no bound."""
    waiting: list[object] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            literal = node.get("reference")
            if isinstance(literal, str) and literal in names:
                node["reference"] = names[literal]
            waiting += node.values()
