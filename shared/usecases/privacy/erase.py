"""Erase a person: the record is emptied, every row that names it removed, and nobody writes to them again.

In this order, so that repeating it after a crash finishes what was begun: contact points are marked, the
record is emptied (from then on nothing is decided for it), rows go, and last the record forgets its own id.
What the FHIR server holds is the server's: shared.usecases.privacy.written lists what of it we wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

from msgspec import Struct

from shared.errors import Rejected
from shared.events import PersonErased
from shared.fhir.instants import Instant
from shared.fhir.references import parse_reference
from shared.message.contact import addresses, normalise
from shared.patient.record import PatientRecord, patient_key
from shared.ports import Stored, Wakeup
from shared.usecases.analytics.forgetting import forget
from shared.usecases.inbound import kept
from shared.usecases.letters import erase_letters
from shared.usecases.privacy.marks import Mark, Marks
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services

_CHANNELS = {"phone": "sms", "sms": "sms", "email": "email"}
"""By ContactPoint.system, a channel that takes its addresses."""


class Erasure(Struct, frozen=True):
    """What came of it."""

    key: str
    at: Instant
    marks: int = 0
    rows: int = 0
    """Of indexes."""
    before: bool = False
    """The person had been erased already, and nothing was left to do."""
    linked: tuple[str, ...] = ()
    """References of other Patients that the clinical record links to: each is erased by itself."""


async def find(services: Services, patient: str) -> Stored:
    """Return what is stored of a patient ("1" or "Patient/1"). Raises Rejected, Unavailable."""
    key, _ = parse_reference(patient if "/" in patient else f"Patient/{patient}")
    stored = await services.patients.load(patient_key(key.resource_id), key.resource_id)
    if key.resource_type != "Patient" or not stored.etag:
        raise Rejected("there is no such patient here", "unknown-patient")
    return stored


async def erase(services: Services, patient: str, by: str, reason: str) -> Erasure:
    """Forget a person; may be repeated.

    Raises Rejected (unknown-patient, no-reason, no-secrets), Unavailable.
    """
    if not (by.strip() and reason.strip()):
        raise Rejected("somebody must do it, for a reason", "no-reason")
    record = (await find(services, patient)).record
    if record.erased is not None and not record.patient_id:
        return Erasure(record.key, record.erased, before=True)
    marks, person = 0, record.person
    if record.erased is None:
        marks = await _mark(services, record, by)
        record = await _empty(services, record, by)
    rows = await finish(services, record, by)
    linked = tuple(reference for _, reference in person.links) if person is not None else ()
    return Erasure(record.key, record.erased or services.clock.now(), marks, rows, linked=linked)


def _trigger() -> Trigger:
    return Trigger(f"erase-{uuid4()}")


async def _mark(services: Services, record: PatientRecord, by: str) -> int:
    rows = await services.patients.messages(record.key)
    written = {
        (row.channel, row.to) for row in (*rows, *record.messages.values()) if row.to and not row.party
    }
    points = sorted({*written, *_own(record, services.policy.region)})
    for channel, address in {*points, *_heard(record)}:
        await kept.forget(services, channel, address)
    mark = Mark("contact", services.clock.now(), by)
    return await (services.marks or Marks(services.documents, services.policy.keys)).make(
        record, points, mark
    )


def _heard(record: PatientRecord) -> Iterator[tuple[str, str]]:
    """Walk the contact points from which replies are taken as the person's."""
    for contact in record.contacts:
        channel, _, address = contact.partition("|")
        yield channel, address


def _own(record: PatientRecord, region: str) -> Iterator[tuple[str, str]]:
    """Walk the person's own contact points as channels take them: a carer's stay the carer's."""
    if record.person is None:
        return
    yield from (("letter", lines) for lines in addresses(record.person, "letter", Instant(0), region))
    for point in record.person.telecom:
        channel = _CHANNELS.get(point.system, "")
        address = normalise(channel, point.value, region) if channel else ""
        if not address and channel == "sms":  # a landline takes no SMS, and is a number all the same
            address = normalise("whatsapp", point.value, region)
        if address:
            yield channel, address


async def _letters(services: Services, key: str) -> None:
    """Remove the letters that were printed, as long as the rows still say which they are."""
    rows = await services.patients.messages(key)
    printed = [row.message_id for row in rows if row.channel == "letter"]
    if services.blobs is not None and printed:
        await erase_letters(services.blobs, printed)


async def _empty(services: Services, record: PatientRecord, by: str) -> PatientRecord:
    """Empty the record; what was to happen at an instant happens no more."""
    if record.next_due is not None:
        await services.indexes.unschedule([Wakeup(record.key, record.next_due)])
    return (await react(services, record.key, [PersonErased(by)], _trigger(), record.patient_id)).after


async def finish(services: Services, record: PatientRecord, by: str) -> int:
    """Remove all rows that name somebody whose record is empty; how many of indexes. Raises Unavailable."""
    found = await services.indexes.traces(record.key, record.history.keys())
    await services.indexes.drop_traces(found)
    await _letters(services, record.key)
    await services.patients.erase(record.key)
    await forget(services.documents, record.key)  # also where analytics are off: they were on once, perhaps
    await react(services, record.key, [PersonErased(by, finished=True)], _trigger())
    return len(found)
