"""Look again at what was kept before a segment asked for more: a new filter is not answered by old facts.

Runs before anything is decided for a patient (shared.usecases.react). Where facts lack what the lens of the
catalogue looks for, their resources are read again, and go first into the same decision: nothing of the new
catalogue is ever evaluated without. Why so: docs/adr/0012.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence

from shared.catalogue import Catalogue
from shared.errors import Rejected, Unavailable
from shared.events import (
    ClaimsAbandoned,
    CompartmentRead,
    DeliveryReported,
    EffectsDone,
    Event,
    InboundReceived,
    PostDelayed,
    RecordReread,
    ResourceChanged,
    SendPostponed,
    SendSettled,
)
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant
from shared.fhir.lens import Lens
from shared.fhir.project import SHARED_TYPES, project, tombstone
from shared.fhir.references import parse_reference
from shared.patient.apply import apply_content
from shared.patient.record import PatientRecord
from shared.patient.unseen import unseen
from shared.usecases.read import read_content
from shared.usecases.services import Services

FEW = 3
"""So many resources are read one by one; for more, the whole patient is."""

PATIENCE = 3
"""The delivery of a trigger at which a server that does not show what it told us of is believed."""

_TOLD = (
    *(SendSettled, SendPostponed, DeliveryReported, InboundReceived, ClaimsAbandoned, EffectsDone),
    PostDelayed,
)
"""Events that must not wait for the FHIR server: what became of what went out, what somebody wrote to us."""

type Content = Fact | Person


async def widened(
    services: Services, record: PatientRecord, events: Sequence[Event], catalogue: Catalogue, delivery: int
) -> Sequence[Event]:
    """Return the events, before them what had to be read again. Raises Unavailable to be tried again.

    What segments ask must have been looked for in all that is known, what journeys ask besides only in what
    is news. `delivery` counts how often the trigger has come.
    """
    told, lens = tuple(_contents(events)), catalogue.lens
    if record.lens == lens.digest and all(map(catalogue.arrivals.covers, told)):
        return events
    if all(isinstance(event, _TOLD) for event in events):
        return events
    lacking = list(_lacking(record, told, catalogue))
    if not lacking and not any(unseen(record, lens)):
        return events
    found = await _read(services, record, lacking, catalogue)
    left = list(_lacking(record, told, catalogue, found))
    if left and delivery < PATIENCE and _lags(left, told, found):
        raise Unavailable("the FHIR server does not yet show what it told us of", 1.0)
    # what was found comes first: what is told then changes nothing that journeys would miss the marks of
    return (RecordReread((*found, *told, *map(catalogue.arrivals.given_up, left))), *events)


def _lacking(
    record: PatientRecord, told: Sequence[Content], catalogue: Catalogue, found: Sequence[Content] = ()
) -> Iterator[Content]:
    """Walk what was not looked at for what is asked: of all that is known, and of what is news."""
    held = _with(record, (*told, *found))
    missing = {content.reference: content for content in unseen(held, catalogue.lens)}
    yield from missing.values()
    for reference in dict.fromkeys(content.reference for content in told if _is_news(record, content)):
        content = held.person if reference == f"Patient/{held.patient_id}" else held.facts.get(reference)
        if reference not in missing and content is not None and not catalogue.arrivals.covers(content):
            yield content


def _is_news(record: PatientRecord, content: Content) -> bool:
    _, changed = apply_content(record, content)
    return changed is not None and not changed.same_version


def _contents(events: Iterable[Event]) -> Iterator[Content]:
    for event in events:
        if isinstance(event, ResourceChanged):
            yield event.content
        elif isinstance(event, CompartmentRead):
            yield from event.contents


def _with(record: PatientRecord, contents: Iterable[Content]) -> PatientRecord:
    for content in contents:
        record, _ = apply_content(record, content)
    return record


async def _read(
    services: Services, record: PatientRecord, lacking: Sequence[Content], catalogue: Catalogue
) -> list[Content]:
    """Read again what lacks something: all at once where it is much, the rest one by one."""
    found: list[Content] = []
    lens = catalogue.arrivals
    if len(lacking) > FEW:
        found = [each async for each in _everything(services, record.patient_id, lens)]
        wanted = {content.reference for content in lacking}
        found = [content for content in found if content.reference in wanted]
        lacking = list(_lacking(record, lacking, catalogue, found))
    reads = (_read_one(services, record.patient_id, content, lens) for content in lacking)
    return [*found, *(content for content in await asyncio.gather(*reads) if content is not None)]


async def _everything(services: Services, patient_id: str, lens: Lens) -> AsyncIterator[Content]:
    """Walk what the server has of a patient; nothing where it does not know the patient."""
    try:
        async for resource in services.fhir.everything(patient_id):
            for content in _projected(services, patient_id, resource, lens):
                yield content
    except Rejected:
        return


def _projected(
    services: Services, patient_id: str, resource: Mapping[str, object], lens: Lens
) -> Iterator[Content]:
    try:
        projection = project(resource, services.zone, lens)
    except Rejected:
        return
    if patient_id in projection.patients or resource["resourceType"] in SHARED_TYPES:
        yield projection.content


async def _read_one(services: Services, patient_id: str, content: Content, lens: Lens) -> Content | None:
    """Read one again; what has become another patient's is gone from here. None where nothing is said."""
    try:
        key, _ = parse_reference(content.reference)
        found = await read_content(services, key, "", Instant(0), lens)
    except Rejected:
        return None
    if found.projection is None:
        return found.content if found.deleted else None
    if key.resource_type in SHARED_TYPES or patient_id in found.projection.patients:
        return found.content
    return tombstone(key, found.content.version, found.content.updated)


def _lags(left: Sequence[Content], told: Sequence[Content], found: Sequence[Content]) -> bool:
    """Say whether the server showed an older version, or nothing yet of what we were told just now.

    What it does not know and we have known for long is gone, and nobody told us: to wait would not help.
    """
    fresh = {content.reference for content in (*told, *found)}
    return any(content.reference in fresh for content in left)
