"""Forgetting in a decision: somebody is erased, a message would reach them, engagement has grown old."""

from __future__ import annotations

from msgspec.structs import replace

from shared.catalogue import Catalogue
from shared.deciding.segments import reassessed, touched
from shared.events import EngagementAged, Event, PersonErased, SendSettled
from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.message.handled import Handled, ended
from shared.patient.apply import FactChanged
from shared.patient.engagement import ENGAGEMENT
from shared.patient.facts import Facts
from shared.patient.record import Decision, PatientRecord
from shared.patient.state import JourneyHistory

ERASED = "erased"
"""Code of a SendSettled by which the guard stops a message to the contact point of somebody erased."""


def forgotten(record: PatientRecord, event: Event, catalogue: Catalogue, now: Instant) -> Decision:
    """Say what an event means for somebody who was, or is to be, erased: nothing but the forgetting.

    The version of the catalogue is noted, so that no sweep takes the record for one to be looked at.
    """
    after = erased(record, event, now) if isinstance(event, PersonErased) else record
    return Decision(after if after is record else replace(after, catalogue=catalogue.version))


def erased(record: PatientRecord, event: PersonErased, now: Instant) -> PatientRecord:
    """Drop everything; until it is finished the id is kept, and in which journeys' rosters rows have to go.

    The same record where there is nothing left to drop.
    """
    if event.finished:
        return _nobody(record) if record.erased is not None and record.patient_id else record
    if record.erased is not None:
        return record
    journeys = {*record.history, *(each.journey_url for each in record.enrolments.values())}
    return PatientRecord(
        key=record.key,
        patient_id=record.patient_id,
        facts=_none_of(record.facts),
        history={url: JourneyHistory(0, Instant(0)) for url in sorted(journeys)},
        sequence=record.sequence,
        erased=now,
    )


def _nobody(record: PatientRecord) -> PatientRecord:
    """Return a record without even an id: shared.usecases.react never decides anything for one."""
    return PatientRecord(
        record.key, "", facts=_none_of(record.facts), sequence=record.sequence, erased=record.erased
    )


def _none_of(facts: Facts) -> Facts:
    for resource_type in facts.types:
        facts = facts.without(resource_type, facts.of(resource_type).keys())
    return facts


def blocked(record: PatientRecord, settled: SendSettled, now: Instant) -> Handled:
    """End a message that would reach a contact point of somebody who was erased; it was not claimed yet."""
    message = record.messages.get(settled.message_id)
    if message is None or message.status != "preparation":
        return Handled(record)
    return ended(record, replace(message, code=ERASED), settled.reason, now)


def aged(record: PatientRecord, event: EngagementAged, catalogue: Catalogue, now: Instant) -> Decision:
    """Drop what became of messages that long ago, and look at the segments that ask for it.

    What is known of a message still in the record stays.
    """
    old = [f for f in record.facts.of(ENGAGEMENT).values() if _is_old(f, event.before, record)]
    if not old:
        return Decision(record)
    facts = record.facts.without(ENGAGEMENT, {fact.resource_id for fact in old})
    after = replace(record, facts=facts)
    gone = [FactChanged(fact, replace(fact, gone=True)) for fact in old]
    return Decision(after).then(reassessed(after, touched(gone, facts, catalogue), catalogue, now))


def _is_old(fact: Fact, before: Instant, record: PatientRecord) -> bool:
    moving = record.messages.keys() & fact.attributes.get("message", ())
    return not moving and fact.start is not None and fact.start < before
