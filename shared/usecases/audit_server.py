"""What the FHIR server holds of some patients, by id and version alone, and where a record differs from it.

Part of shared.usecases.audit. The cheapest way that a server has is taken: a search a type for a whole batch
of patients, of ids and versions only; where a server does not do that, each patient's `$everything`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

from shared.errors import Rejected
from shared.fhir.fact import Fact, Person
from shared.fhir.project import KEPT_TYPES, SHARED_TYPES, Projection, project
from shared.patient.apply import supersedes
from shared.patient.engagement import ENGAGEMENT
from shared.patient.record import PatientRecord
from shared.usecases.services import Services

type Content = Fact | Person
type Listing = Mapping[str, Mapping[str, Content]]
"""By patient id and reference: what the server has, projected from id, version and whose it is."""

type Disagreement = Literal["missing", "stale", "extra", "ahead"]
"""The record lacks it, has an older version, has what the server has not, has a later version."""

_WHOSE: Mapping[str, str] = {
    "AllergyIntolerance": "patient",
    "Appointment": "participant",
    "Communication": "subject,recipient,identifier",
    "Consent": "patient",
    "Coverage": "beneficiary",
    "DeviceUseStatement": "subject",
    "EpisodeOfCare": "patient",
    "FamilyMemberHistory": "patient",
    "Immunization": "patient",
    "QuestionnaireResponse": "subject,source",
    "RelatedPerson": "patient",
    "Task": "for",
}
"""The elements that say whose a resource is, where that is not `subject`."""

_PARAMETERS: Mapping[str, str] = {"Patient": "_id", "AdverseEvent": "subject"}
"""The search parameter by which a type is searched for patients, where that is not `patient`."""

_AT_ONCE = 100
"""Ids in one search by `_id`."""


class _IgnoredError(Exception):
    """The server searched wider than it was asked to."""


async def list_batch(services: Services, patient_ids: Sequence[str]) -> Listing:
    """List what the server holds of these patients. Raises Unavailable; Rejected where it will not say."""
    try:
        return await _by_type(services, patient_ids)
    except (_IgnoredError, Rejected):
        return dict(
            zip(patient_ids, [await _everything(services, each) for each in patient_ids], strict=True)
        )


async def _by_type(services: Services, patient_ids: Sequence[str]) -> Listing:
    listing: dict[str, dict[str, Content]] = {patient_id: {} for patient_id in patient_ids}
    kinds = sorted(KEPT_TYPES - SHARED_TYPES)
    answers = await asyncio.gather(
        *(_type(services, kind, patient_ids) for kind in kinds), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, Rejected)]
    if len(refused) == len(kinds):  # it is not that it lacks a type or two
        raise refused[0]
    for answer in answers:
        if isinstance(answer, Rejected):
            continue
        if isinstance(answer, BaseException):
            raise answer
        for patient_id, content in answer:
            listing[patient_id][content.reference] = content
    return listing


async def _type(services: Services, kind: str, patient_ids: Sequence[str]) -> list[tuple[str, Content]]:
    parameter = _PARAMETERS.get(kind, "patient")
    asked = {parameter: ",".join(patient_ids), "_elements": _elements(kind), "_count": "500"}
    found: list[tuple[str, Content]] = []
    wanted = set(patient_ids)
    async for resource in services.fhir.search(kind, asked):
        projection = _projection(services, resource)
        if projection is None:
            continue
        concerned = wanted.intersection(projection.patients)
        if not concerned:
            raise _IgnoredError
        found += [(patient_id, projection.content) for patient_id in concerned]
    return found


def _elements(kind: str) -> str:
    return "id,meta" if kind == "Patient" else f"id,meta,{_WHOSE.get(kind, 'subject')}"


async def _everything(services: Services, patient_id: str) -> dict[str, Content]:
    found: dict[str, Content] = {}
    async for resource in services.fhir.everything(patient_id):
        projection = _projection(services, resource)
        if projection is not None and patient_id in projection.patients:
            found[projection.content.reference] = projection.content
    return found


async def list_references(services: Services, references: Collection[str]) -> dict[str, Projection | None]:
    """Ask for single resources by id, many at a time: what the server has now, None for what it has not.

    A type of which the server will not say is left out. Raises Unavailable.
    """
    kinds: dict[str, list[str]] = {}
    for reference in sorted(references):
        kind, _, resource_id = reference.partition("/")
        kinds.setdefault(kind, []).append(resource_id)
    found: dict[str, Projection | None] = {}
    for kind, ids in kinds.items():
        for start in range(0, len(ids), _AT_ONCE):
            found |= await _by_id(services, kind, ids[start : start + _AT_ONCE])
    return found


async def _by_id(services: Services, kind: str, ids: Sequence[str]) -> dict[str, Projection | None]:
    asked = {"_id": ",".join(ids), "_elements": _elements(kind) if kind not in SHARED_TYPES else "id,meta"}
    found: dict[str, Projection | None] = {f"{kind}/{each}": None for each in ids}
    try:
        async for resource in services.fhir.search(kind, {**asked, "_count": "500"}):
            there = _projection(services, resource)
            if there is not None and there.content.reference in found:
                found[there.content.reference] = there
    except Rejected:
        return {}
    return found


def _projection(services: Services, resource: Mapping[str, object]) -> Projection | None:
    try:
        return project(resource, services.zone)
    except Rejected:
        return None


def compare(listed: Mapping[str, Content], record: PatientRecord) -> Iterator[tuple[Disagreement, str]]:
    """Walk where a record differs from what the server holds of its patient."""
    for reference, there in listed.items():
        if found := differs(there, held(record, reference)):
            yield found, reference
    for reference in owned(record):
        if reference not in listed:
            yield "extra", reference


_NOT_THEIRS = SHARED_TYPES | {ENGAGEMENT}
"""Types of facts that are no patient's own on the server: shared with others, or what became of messages."""


def owned(record: PatientRecord) -> Iterator[str]:
    """Walk what a record holds of its own patient on the server; what is gone, or ours alone, left out."""
    if record.person is not None and not record.person.gone:
        yield record.person.reference
    for fact in record.facts:
        if not fact.gone and fact.resource_type not in _NOT_THEIRS:
            yield fact.reference


def embedded(record: PatientRecord) -> Iterator[Fact]:
    """Walk the shared resources in a record, what is gone left out."""
    for kind in sorted(SHARED_TYPES):
        yield from (fact for fact in record.facts.of(kind).values() if not fact.gone)


def held(record: PatientRecord, reference: str) -> Content | None:
    """Find what a record holds of a resource; what is gone is its tombstone."""
    if reference == f"Patient/{record.patient_id}":
        return record.person
    return record.facts.get(reference)


def differs(there: Content, here: Content | None) -> Disagreement | None:
    """Say how what a record holds differs from what the server has."""
    if here is None:
        return "missing"
    if supersedes(there, here):
        return "missing" if here.gone else "stale"
    return "ahead" if supersedes(here, there) else None
