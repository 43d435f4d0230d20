"""Read one resource and project it: what the server holds now is what counts."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant, parse_instant
from shared.fhir.lens import Lens
from shared.fhir.project import Projection, project, tombstone
from shared.fhir.references import ResourceKey
from shared.usecases.services import Services


class Content(Struct, frozen=True):
    """What a resource says; `projection` is None where it is not there, or no patient's."""

    content: Fact | Person
    projection: Projection | None = None
    deleted: bool = False
    """It was there, or was somebody's, and is no more."""


async def read_content(
    services: Services, key: ResourceKey, version: str, at: Instant, lens: Lens | None = None
) -> Content:
    """Read a resource; one that is not there becomes a tombstone of `version`, at `at`.

    `lens` is that of the catalogue in force if it is not given.

    Raises Unavailable when the server cannot answer, Rejected for content that cannot be used.
    """
    found = await services.fhir.read(key)
    if found.resource is None:
        return Content(tombstone(key, found.version or version, at), deleted=found.deleted)
    return content_of(services, key, found.resource, lens or await lens_of(services))


async def lens_of(services: Services) -> Lens:
    """Return what the catalogue in force looks for in resources that arrive. Raises Unavailable."""
    return (await services.definitions.current()).arrivals


def content_of(services: Services, key: ResourceKey, resource: Mapping[str, object], lens: Lens) -> Content:
    """Project a resource; one that names no patient any more is gone for those that it named before.

    Raises Rejected for content that cannot be used.
    """
    try:
        projection = project(resource, services.zone, lens)
    except Rejected as rejected:
        if rejected.code != "no-patient":
            raise
        return Content(tombstone(key, version_of(resource), updated_of(resource)), deleted=True)
    return Content(projection.content, projection)


def version_of(resource: Mapping[str, object]) -> str:
    """Return meta.versionId, or ""."""
    return _meta(resource, "versionId")


def updated_of(resource: Mapping[str, object]) -> Instant:
    """Return meta.lastUpdated; the oldest instant there is where it cannot be read."""
    try:
        return parse_instant(_meta(resource, "lastUpdated"))
    except ValueError:
        return Instant(0)


def _meta(resource: Mapping[str, object], element: str) -> str:
    meta = resource.get("meta")
    found = meta.get(element) if isinstance(meta, Mapping) else None
    return found if isinstance(found, str) else ""
