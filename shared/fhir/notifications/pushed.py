"""Resources pushed within a notification, shared by rest-hook, Medplum and full-resource bundles."""

from __future__ import annotations

from shared.errors import Rejected
from shared.fhir.notification import Action, Resource, ResourceChange
from shared.fhir.notifications.reading import instant, mapping
from shared.fhir.references import ResourceKey, parse_version, resource_key


def pushed_change(
    resource: Resource, named: ResourceKey | None = None, action: Action = "unknown"
) -> ResourceChange:
    """Turn a pushed resource into a change; `named` is what path, focus or header say that it is.

    Raises Rejected where they disagree, or where neither gives an id.
    """
    key = resource_key(resource.get("resourceType"), _id(resource, named))
    if named is not None and key != named:
        raise Rejected("the resource is not the one that the notification names", "subject-mismatch")
    meta = mapping(resource.get("meta", {}), "meta")
    return ResourceChange(
        key=key,
        version=parse_version(meta.get("versionId")),
        action=action,
        at=instant(meta.get("lastUpdated"), "meta.lastUpdated"),
        resource=resource if "id" in resource else resource | {"id": key.resource_id},
    )


def _id(resource: Resource, named: ResourceKey | None) -> object:
    if "id" not in resource and named is not None:
        return named.resource_id
    return resource.get("id")
