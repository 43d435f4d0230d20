"""The projection: a FHIR resource in, the fact that decisions need and the patients it concerns out.

First step of a resource change, after the resource was read or trusted; shared.patient.apply takes it from
here. Which types, and how each is read, stands in shared/fhir/kept.py.
"""

from __future__ import annotations

from datetime import UTC, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from shared.errors import Rejected
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant
from shared.fhir.kept import DRAFTERS, ELEMENTS, EMBEDDING, KEPT_TYPES, SHARED_TYPES
from shared.fhir.lens import EMPTY, Lens
from shared.fhir.own import is_ours
from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import Json
from shared.fhir.projections.patient import person
from shared.fhir.projections.timing import instant
from shared.fhir.references import ResourceKey, parse_version, resource_key

__all__ = ["ELEMENTS", "KEPT_TYPES", "SHARED_TYPES", "Projection", "project", "tombstone"]


class Projection(Struct, frozen=True):
    """What a resource says: the content, whom it concerns, and what else must be at hand to read it."""

    content: Fact | Person
    patients: tuple[str, ...]
    """FHIR ids of the patients that it concerns; empty only for SHARED_TYPES."""
    references: tuple[str, ...] = ()
    """Resources of SHARED_TYPES that it embeds: a Location of an Appointment, a Medication of its use."""


def project(resource: Json, zone: tzinfo = UTC, lens: Lens = EMPTY) -> Projection:
    """Project a resource of a kept type; dates without a zone are read in `zone`, and `lens` looks for more.

    An element of the wrong shape is left out. Raises Rejected when the resource as a whole is of no use:
    type-not-kept, bad-reference (its type or id), no-patient, ours (a Communication that we wrote).
    """
    resource_type = resource.get("resourceType")
    if not isinstance(resource_type, str) or resource_type not in KEPT_TYPES:
        raise Rejected("not a resource of a type that is kept", "type-not-kept")
    if is_ours(resource):
        raise Rejected("a Communication that we wrote", "ours")
    key = resource_key(resource_type, resource.get("id"))
    version, updated = _meta(resource.get("meta"), zone)
    marks = lens.marks(resource_type, resource)
    if resource_type == "Patient":
        found = person(resource, key.resource_id, version, updated, zone, lens.extensions)
        found = replace(found, attributes=found.attributes | marks) if marks else found
        return Projection(found, (key.resource_id,))
    draft = DRAFTERS[resource_type](resource, zone)
    if marks:
        draft.attributes = draft.attributes | marks
    return _projection(key, version, updated, draft)


def tombstone(key: ResourceKey, version: str, at: Instant) -> Fact | Person:
    """Return what is kept of a resource that was deleted; `version` may be "" where nobody told it.

    Raises Rejected (type-not-kept).
    """
    if key.resource_type not in KEPT_TYPES:
        raise Rejected("not a resource of a type that is kept", "type-not-kept")
    if key.resource_type == "Patient":
        return Person(key.resource_id, version, at, gone=True)
    return Fact(key.resource_type, key.resource_id, version, at, gone=True)


def _projection(key: ResourceKey, version: str, updated: Instant, draft: Draft) -> Projection:
    if not draft.patients and key.resource_type not in SHARED_TYPES:
        raise Rejected("the resource refers to no patient", "no-patient")
    fact = Fact(
        resource_type=key.resource_type,
        resource_id=key.resource_id,
        version=version,
        updated=updated,
        status=draft.status,
        codes=draft.codes,
        start=draft.start,
        end=draft.end,
        value=draft.value,
        components=draft.components,
        attributes=draft.attributes,
        title=draft.title,
    )
    return Projection(fact, draft.patients, _shared(draft))


def _shared(draft: Draft) -> tuple[str, ...]:
    named = (found for name in EMBEDDING for found in draft.attributes.get(name, ()))
    return tuple(found for found in named if found.partition("/")[0] in SHARED_TYPES)


def _meta(meta: object, zone: tzinfo) -> tuple[str, Instant]:
    """Read versionId and lastUpdated; what cannot be read is the oldest there is."""
    if not isinstance(meta, dict):
        return "", Instant(0)
    try:
        version = parse_version(meta.get("versionId"))
    except Rejected:
        version = None
    return version or "", instant(meta.get("lastUpdated"), zone) or Instant(0)
