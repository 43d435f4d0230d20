"""Read one resource and project it: what the server holds now is what counts."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant
from shared.fhir.project import Projection, project, tombstone
from shared.fhir.references import ResourceKey
from shared.usecases.services import Services


class Content(Struct, frozen=True):
    """What a read brought; `projection` is None where the resource is not there."""

    content: Fact | Person
    projection: Projection | None = None
    deleted: bool = False


async def read_content(services: Services, key: ResourceKey, version: str, at: Instant) -> Content:
    """Read a resource; one that is not there becomes a tombstone of `version`, at `at`.

    Raises Unavailable when the server cannot answer, Rejected for content that cannot be used.
    """
    found = await services.fhir.read(key)
    if found.resource is None:
        return Content(tombstone(key, found.version or version, at), deleted=found.deleted)
    projection = project(found.resource, services.zone)
    return Content(projection.content, projection)


def version_of(resource: Mapping[str, object]) -> str:
    """Return meta.versionId, or ""."""
    meta = resource.get("meta")
    found = meta.get("versionId") if isinstance(meta, Mapping) else None
    return found if isinstance(found, str) else ""
