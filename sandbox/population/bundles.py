"""Taking a Bundle apart: its resources in order of loading, references by fullUrl turned into Type/id."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.population.order import rank

type Resource = dict[str, object]


def unpack(bundle: Resource) -> list[Resource]:
    """Return the resources of a Bundle; entries that only say something (deletions, outcomes) have none."""
    entries = bundle.get("entry")
    found = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    held = [entry for entry in found if isinstance(entry.get("resource"), dict)]
    names = {
        entry["fullUrl"]: _own_name(entry["resource"]) for entry in held if _by_uuid(entry.get("fullUrl"))
    }
    resources: list[Resource] = [entry["resource"] for entry in held]
    for resource in resources if names else ():
        _rename(resource, names)
    return sorted(resources, key=rank)


def _by_uuid(full_url: object) -> bool:
    return isinstance(full_url, str) and full_url.startswith("urn:uuid:")


def _own_name(resource: Resource) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"


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
