"""Records against the FHIR server: what differs, looked at twice, and set right.

Part of shared.usecases.audit. What changed within GRACE is on its way to us and no difference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from shared.errors import Rejected
from shared.events import ResourceChanged
from shared.fhir.instants import MINUTE, Instant
from shared.fhir.project import SHARED_TYPES, Projection, tombstone
from shared.fhir.references import parse_reference
from shared.patient.record import PatientRecord
from shared.usecases.audit_report import Difference
from shared.usecases.audit_server import (
    Disagreement,
    Listing,
    compare,
    differs,
    embedded,
    held,
    list_batch,
    list_references,
)
from shared.usecases.jobs import Change
from shared.usecases.react import Trigger, react
from shared.usecases.read import read_content
from shared.usecases.services import Services
from shared.usecases.take_change import LAG, take_change

GRACE = 15 * MINUTE
"""How long a change may be on its way: a notification, and the search for those that never came."""

type Suspicion = tuple[PatientRecord, str]
"""A record, and the reference of a resource in which it may differ."""


async def audit_records(
    services: Services, records: Sequence[PatientRecord], run: str, *, repair: bool
) -> list[Difference]:
    """Compare records with the server, and set right what differs.

    Raises Unavailable, and Rejected where the server will not tell.
    """
    listing = await list_batch(services, [record.patient_id for record in records])
    shared = await list_references(services, {fact.reference for r in records for fact in embedded(r)})
    suspicions = [(r, reference) for r in records for reference in _suspects(listing, shared, r)]
    confirmed = await _look_again(services, suspicions)
    return [await _set_right(services, *each, run, repair=repair) for each in confirmed]


def _suspects(
    listing: Listing, shared: Mapping[str, Projection | None], record: PatientRecord
) -> Iterator[str]:
    for _, reference in compare(listing[record.patient_id], record):
        yield reference
    for fact in embedded(record):
        there = shared.get(fact.reference)
        if fact.reference in shared and (there is None or differs(there.content, fact)):
            yield fact.reference


async def _look_again(
    services: Services, suspicions: Sequence[Suspicion]
) -> list[tuple[PatientRecord, Disagreement, str]]:
    """Ask for what may differ by its id, and read the record after that: what is still so differs."""
    if not suspicions:
        return []
    seen = await list_references(services, {reference for _, reference in suspicions})
    keys = sorted({record.key for record, _ in suspicions})
    loaded = await asyncio.gather(*(services.patients.load(key) for key in keys))
    latest = {stored.record.key: stored.record for stored in loaded}
    since = Instant(services.clock.now() - GRACE)
    found = [(latest[record.key], reference) for record, reference in suspicions if reference in seen]
    judged = [(r, _judge(r, reference, seen[reference], since), reference) for r, reference in found]
    return [(r, verdict, reference) for r, verdict, reference in judged if verdict is not None]


def _judge(
    record: PatientRecord, reference: str, there: Projection | None, since: Instant
) -> Disagreement | None:
    here = held(record, reference)
    shared = reference.partition("/")[0] in SHARED_TYPES
    if there is None or not (shared or record.patient_id in there.patients):
        return None if here is None or here.gone else "extra"
    return None if there.content.updated > since else differs(there.content, here)


async def _set_right(
    services: Services, record: PatientRecord, found: Disagreement, reference: str, run: str, *, repair: bool
) -> Difference:
    done = False
    if repair and found != "ahead":
        try:
            await _repair(services, record, found, reference, run)
            done = True
        except Rejected:
            done = False  # what the server has can never be used: it stays a difference, and is named
    return Difference(found, record.key, reference, done)


async def _repair(
    services: Services, record: PatientRecord, found: Disagreement, reference: str, run: str
) -> None:
    """Take the change that we missed, as if we had been told of it now; what is gone is taken out."""
    key, _ = parse_reference(reference)
    trigger = Trigger(f"audit-{run}-{record.key}-{reference}", LAG)
    if found != "extra":
        to = record.key if key.resource_type in SHARED_TYPES else ""
        await take_change(services, Change(key.resource_type, key.resource_id, key=to), trigger)
        return
    content = (await read_content(services, key, "", services.clock.now())).content
    gone = content if content.gone else tombstone(key, content.version, content.updated)
    await react(services, record.key, [ResourceChanged(gone)], trigger, record.patient_id)
