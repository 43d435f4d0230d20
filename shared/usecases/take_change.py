"""One resource change: read what the server holds, find its patients, let each of them react.

notification → *resource change* → patient record → … A body is taken from the message only where its source
proved itself; everything else is read back, so that a stranger can at most make us read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from shared.effects import IndexReference
from shared.errors import Rejected, Unavailable
from shared.events import Event, ResourceChanged
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant
from shared.fhir.lens import EMPTY
from shared.fhir.project import KEPT_TYPES, SHARED_TYPES, Projection, tombstone
from shared.fhir.references import ResourceKey, parse_reference, resource_key
from shared.patient.record import PatientRecord, patient_key
from shared.ports import Stored
from shared.queues import CHANGES
from shared.usecases.jobs import Change
from shared.usecases.merge import carry_over
from shared.usecases.posting import post
from shared.usecases.react import Trigger, react
from shared.usecases.read import Content, content_of, lens_of, read_content, version_of
from shared.usecases.services import Services

LATER = 5.0
"""Seconds after which a shared resource that the server did not know is asked for again."""

LAG = 3
"""The delivery of a change at which we believe a server that says that it knows no such resource."""

AGAIN = (1.0, 10.0)
"""Seconds after which such a server is asked again, at least: most lag for a moment only."""


async def take_change(services: Services, change: Change, trigger: Trigger) -> None:
    """Carry a change through to everything that follows from it.

    Raises Rejected for what can never be used (recorded by the entry point), Unavailable to try again.
    """
    if change.resource_type not in KEPT_TYPES:
        return
    key = resource_key(change.resource_type, change.resource_id)
    try:
        found = await _content(services, change, key, trigger)
    except Rejected as rejected:
        if rejected.code == "ours":
            return  # what a message came to is in the record already
        raise
    if change.resource_type in SHARED_TYPES:
        await _fan_out(services, change, found.content, trigger)
    elif found.projection is None:
        await _bury(services, key, found.content, trigger)
    else:
        await _spread(services, change, key, found.projection, trigger)


async def _spread(
    services: Services, change: Change, key: ResourceKey, projection: Projection, trigger: Trigger
) -> None:
    """Let each patient of a resource react to it.

    Where it is new to a record, it may have moved there: then it is taken from the others first, so that a
    crash in between finds it still to be moved.
    """
    patients = {patient_id: patient_key(patient_id) for patient_id in projection.patients}
    held: dict[str, Stored] = {}
    if projection.references or _may_have_moved(projection.content):
        loads = (services.patients.load(key, patient_id) for patient_id, key in patients.items())
        held = dict(zip(patients, await asyncio.gather(*loads), strict=True))
    if _may_have_moved(projection.content) and any(
        _is_new(s.record, projection.content) for s in held.values()
    ):
        if _pushed(change):  # an old body may have been overtaken by a further move: ask
            await take_change(services, replace(change, resource=None), trigger)
            return
        await _withdraw(services, key, projection.content, projection.patients, trigger)
    for patient_id in patients:
        await _react(services, patient_id, projection, held.get(patient_id), trigger, pushed=_pushed(change))


async def _react(
    services: Services,
    patient_id: str,
    projection: Projection,
    held: Stored | None,
    trigger: Trigger,
    *,
    pushed: bool,
) -> None:
    key, content = patient_key(patient_id), projection.content
    events: list[Event] = []
    if held is not None:
        events += await embedded(services, held.record, projection.references)
    events.append(ResourceChanged(content))
    fresh = frozenset() if pushed else frozenset({content.reference})
    reaction = await react(services, key, events, trigger, patient_id, fresh=fresh, held=held)
    if isinstance(content, Person):
        await carry_over(services, reaction.after, trigger)


def _pushed(change: Change) -> bool:
    return change.resource is not None and bool(version_of(change.resource))


async def _content(services: Services, change: Change, key: ResourceKey, trigger: Trigger) -> Content:
    """Return what the resource is now; a server that lags behind what it told us is asked again later."""
    if change.resource is not None and version_of(change.resource):
        return content_of(services, key, change.resource, await lens_of(services))
    at = change.at if change.at is not None else services.clock.now()
    found = await read_content(services, key, change.version, at)
    missing = found.projection is None and not found.deleted and change.action != "deleted"
    if (missing or _older(found.content.version, change.version)) and trigger.delivery < LAG:
        wait = AGAIN[trigger.delivery - 1]
        raise Unavailable("the FHIR server does not yet show what it told us of", wait)
    if missing:
        return Content(tombstone(key, "", Instant(0)))  # the weakest word there is: any version wins over it
    return found


def _older(found: str, told: str) -> bool:
    return found.isdigit() and told.isdigit() and int(found) < int(told)


async def _bury(services: Services, key: ResourceKey, gone: Fact | Person, trigger: Trigger) -> None:
    """Take a resource that is no more from everybody whose it ever was: its earlier versions say."""
    if key.resource_type == "Patient":
        former = {key.resource_id}
    else:
        former = await _former_patients(services, key)
    if not former:
        raise Rejected("a resource is gone of which the server keeps no history", "deleted-unknown")
    for patient_id in sorted(former):
        await react(services, patient_key(patient_id), [ResourceChanged(gone)], trigger, patient_id)


async def _former_patients(services: Services, key: ResourceKey) -> set[str]:
    return {
        patient
        for version in await services.fhir.history(key)
        for patient in _patients(services, key, version)
    }


def _patients(services: Services, key: ResourceKey, version: Mapping[str, object]) -> Iterator[str]:
    try:
        found = content_of(services, key, version, EMPTY).projection
    except Rejected:
        return
    yield from found.patients if found is not None else ()


def _may_have_moved(content: Fact | Person) -> bool:
    return isinstance(content, Fact) and content.version.isdigit() and int(content.version) > 1


def _is_new(record: PatientRecord, content: Fact | Person) -> bool:
    known = record.facts.get(content.reference)
    return known is None or known.gone


async def _withdraw(
    services: Services, key: ResourceKey, content: Fact | Person, concerned: Sequence[str], trigger: Trigger
) -> None:
    """Take the fact out of records that it was moved away from; its earlier versions say which."""
    for patient_id in sorted(await _former_patients(services, key) - set(concerned)):
        gone = ResourceChanged(tombstone(key, content.version, content.updated))
        await react(services, patient_key(patient_id), [gone], trigger, patient_id)


async def embedded(
    services: Services, record: PatientRecord, references: Sequence[str]
) -> list[ResourceChanged]:
    """Read the shared resources that a fact refers to and the record has not, for messages to name them.

    The index row comes first: a change of theirs from then on finds this patient, an earlier one is read.
    Somebody who was erased gets none.
    """
    if record.erased is not None:
        return []
    missing = [text for text in references if (fact := record.facts.get(text)) is None or fact.gone]
    await asyncio.gather(*(services.indexes.apply(record.key, IndexReference(text)) for text in missing))
    found = await asyncio.gather(*(_shared(services, record, text) for text in missing))
    return [ResourceChanged(content) for content in found if content is not None]


async def _shared(services: Services, record: PatientRecord, reference: str) -> Fact | Person | None:
    """Read a shared resource; one that the server does not know (yet) is looked for later, on its own.

    References that lead nowhere are common, and no reason to keep a patient's change waiting.
    """
    key, _ = parse_reference(reference)
    found = await read_content(services, key, "", Instant(0))
    if found.projection is not None:
        return found.content
    if not found.deleted and record.facts.get(reference) is None:
        job = Change(key.resource_type, key.resource_id, key=record.key)
        await post(services.queue, CHANGES, job, LATER)
    return None


async def _fan_out(services: Services, change: Change, content: Fact | Person, trigger: Trigger) -> None:
    """Hand a shared resource to each patient that embeds it, as a change of its own on the queue."""
    if change.key:
        await react(services, change.key, [ResourceChanged(content)], trigger)
        return
    reference = f"{change.resource_type}/{change.resource_id}"
    for key in await services.indexes.patients_of_reference(reference):
        job = Change(change.resource_type, change.resource_id, content.version, key=key)
        await post(services.queue, CHANGES, job)
