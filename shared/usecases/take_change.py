"""One resource change: read what the server holds, find its patients, let each of them react.

notification → *resource change* → patient record → … A body is taken from the message only where its source
proved itself; everything else is read back, so that a stranger can at most make us read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from shared.errors import Rejected, Unavailable
from shared.events import Event, RecordMerged, ResourceChanged
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant
from shared.fhir.project import KEPT_TYPES, SHARED_TYPES, Projection, project, tombstone
from shared.fhir.references import ResourceKey, parse_reference, resource_key
from shared.patient.record import PatientRecord, patient_key
from shared.usecases.jobs import Change, encode_job
from shared.usecases.react import Reaction, Trigger, react
from shared.usecases.read import Content, read_content, version_of
from shared.usecases.services import CHANGES, Services

LAG = 3
"""The delivery of a change at which we believe a server that says that it knows no such resource."""


async def take_change(services: Services, change: Change, trigger: Trigger) -> None:
    """Carry a change through to everything that follows from it.

    Raises Rejected for what can never be used (recorded by the entry point), Unavailable to try again.
    """
    if change.resource_type not in KEPT_TYPES:
        return
    key = resource_key(change.resource_type, change.resource_id)
    found = await _content(services, change, key, trigger)
    if change.resource_type in SHARED_TYPES:
        await _fan_out(services, change, found.content, trigger)
        return
    concerned = found.projection.patients if found.projection else await _former_patients(services, key)
    embedded = await _embedded(services, found.projection)
    reactions = [
        await _react(services, patient_id, found.content, embedded, trigger) for patient_id in concerned
    ]
    if found.projection and any(_is_new_here(reaction.before, found.content) for reaction in reactions):
        await _withdraw(services, key, found.content, concerned, trigger)


async def _react(
    services: Services,
    patient_id: str,
    content: Fact | Person,
    embedded: Iterable[Event],
    trigger: Trigger,
) -> Reaction:
    key = patient_key(patient_id)
    events: list[Event] = [*embedded, ResourceChanged(content)]
    reaction = await react(services, key, events, trigger, patient_id)
    if isinstance(content, Person) and content.replaced_by:
        await _merge(services, reaction.after, content, trigger)
    return reaction


async def _content(services: Services, change: Change, key: ResourceKey, trigger: Trigger) -> Content:
    """Return what the resource is now; a server that lags behind what it told us is asked again later."""
    if change.resource is not None and version_of(change.resource):
        projection = project(change.resource, services.zone)
        return Content(projection.content, projection)
    at = change.at if change.at is not None else services.clock.now()
    found = await read_content(services, key, change.version, at)
    missing = found.projection is None and not found.deleted and change.action != "deleted"
    if (missing or _older(found.content.version, change.version)) and trigger.delivery < LAG:
        raise Unavailable("the FHIR server does not yet show what it told us of", 1.0)
    if missing:
        return Content(tombstone(key, "", Instant(0)))  # the weakest word there is: any version wins over it
    return found


def _older(found: str, told: str) -> bool:
    return found.isdigit() and told.isdigit() and int(found) < int(told)


async def _former_patients(services: Services, key: ResourceKey) -> tuple[str, ...]:
    """Find whose a deleted resource was: its earlier versions say."""
    if key.resource_type == "Patient":
        return (key.resource_id,)
    for former in await services.fhir.history(key):
        patients = _patients(services, former)
        if patients:
            return patients
    raise Rejected("a resource was deleted of which the server keeps no history", "deleted-unknown")


def _patients(services: Services, version: Mapping[str, object]) -> tuple[str, ...]:
    try:
        return project(version, services.zone).patients
    except Rejected:
        return ()


def _is_new_here(before: PatientRecord, content: Fact | Person) -> bool:
    """Say whether a later version of a resource came to a record that never had it: it may have moved."""
    later = content.version.isdigit() and int(content.version) > 1
    return isinstance(content, Fact) and later and before.facts.get(content.reference) is None


async def _withdraw(
    services: Services, key: ResourceKey, content: Fact | Person, concerned: Sequence[str], trigger: Trigger
) -> None:
    """Take the fact out of records that it was moved away from; its earlier versions say which."""
    history = await services.fhir.history(key)
    former = {patient for version in history for patient in _patients(services, version)}
    for patient_id in sorted(former - set(concerned)):
        gone = ResourceChanged(tombstone(key, content.version, content.updated))
        await react(services, patient_key(patient_id), [gone], trigger, patient_id)


async def _embedded(services: Services, projection: Projection | None) -> list[Event]:
    """Read the shared resources that a fact refers to, so that the record holds what a message names."""
    if projection is None or not projection.references:
        return []
    keys = [parse_reference(text)[0] for text in projection.references]
    found = await asyncio.gather(*(_shared(services, key) for key in keys))
    return [ResourceChanged(content) for content in found if content is not None]


async def _shared(services: Services, key: ResourceKey) -> Fact | Person | None:
    found = await read_content(services, key, "", Instant(0))
    return found.content if found.projection is not None else None


async def _fan_out(services: Services, change: Change, content: Fact | Person, trigger: Trigger) -> None:
    """Hand a shared resource to each patient that embeds it, as a change of its own on the queue."""
    if change.key:
        await react(services, change.key, [ResourceChanged(content)], trigger)
        return
    reference = f"{change.resource_type}/{change.resource_id}"
    for key in await services.indexes.patients_of_reference(reference):
        job = Change(change.resource_type, change.resource_id, content.version, key=key)
        await services.queue.send(CHANGES, encode_job(job))


async def _merge(services: Services, merged: PatientRecord, person: Person, trigger: Trigger) -> None:
    """Carry what must outlive a merge to the surviving record: the person said stop, not the record."""
    try:
        survivor, _ = parse_reference(person.replaced_by)
    except Rejected:
        return
    opt_outs = tuple((o.channel, o.address, o.since) for o in merged.opt_outs)
    if not opt_outs or survivor.resource_type != "Patient":
        return
    event = RecordMerged(merged.patient_id, opt_outs)
    await react(services, patient_key(survivor.resource_id), [event], trigger, survivor.resource_id)
