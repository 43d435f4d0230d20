"""The engine's three doors: a segment changed, a resource changed, an instant came.

Pure: each returns a Sprint and writes nothing; a call that means nothing returns the same record, no line.
Called by shared.decide, which hands the intents on to shared.message.
"""

from __future__ import annotations

from shared.fhir.instants import Instant
from shared.journey.anchors import lose_person, move_focus
from shared.journey.enter import enter
from shared.journey.index import Journeys
from shared.journey.run import step_onto
from shared.journey.sprint import SendIntent, Sprint, end, hold, of_enrolment
from shared.patient.apply import FactChanged
from shared.patient.record import PatientRecord
from shared.patient.transition import SegmentChanged

__all__ = ["SendIntent", "Sprint", "on_change", "on_segment", "on_wakeup"]


MOST_INTENTS = 40
"""Messages that one call asks for, before what else is due is left to the next wake-up: a patient is
committed in one transaction, which takes 100 rows."""


def on_segment(record: PatientRecord, changed: SegmentChanged, journeys: Journeys, now: Instant) -> Sprint:
    """Enter the journeys that this segment starts, or leave those that end with it.

    The record already holds the new membership; one that has changed again since makes the call stale.
    """
    membership = record.memberships.get(changed.url)
    if membership is not None and membership.member != changed.entered:
        return Sprint(record)
    if not changed.entered:
        return _leave(record, changed, journeys, now)
    since = membership.since if membership is not None else now
    sprint = Sprint(record)
    for journey in journeys.on_segment(changed.url):
        cause = f"{changed.url}@{since}"
        sprint = enter(sprint, journey, focus="", cause=cause, why=changed.reason, now=now)
    return sprint


def on_change(record: PatientRecord, changed: FactChanged, journeys: Journeys, now: Instant) -> Sprint:
    """Move, end and start journeys as a resource of the patient changed; the record already holds it."""
    if (lost := lose_person(record, now)) is not None:
        return lost
    after = changed.after
    sprint = move_focus(Sprint(record), after.reference, journeys, now)
    for journey in journeys.on_change(after.reference.partition("/")[0]):
        if journey.change is not None and journey.change.fits(changed, now):
            why = f"{after.reference} {getattr(after, 'status', '') or 'changed'}"
            cause = f"{after.reference}|{after.version}|{after.updated}"
            sprint = enter(sprint, journey, focus=after.reference, cause=cause, why=why, now=now)
    return sprint


def on_wakeup(record: PatientRecord, journeys: Journeys, now: Instant) -> Sprint:
    """Advance every active enrolment whose due has come, the earliest first; none other.

    Once MOST_INTENTS are asked for the others wait for the next wake-up: they are still due.
    """
    due = [
        (enrolment.due, enrolment.enrolment_id)
        for enrolment in record.enrolments.values()
        if enrolment.status == "active" and enrolment.due is not None and enrolment.due <= now
    ]
    sprint = Sprint(record)
    for _, enrolment_id in sorted(due):
        if len(sprint.intents) >= MOST_INTENTS:
            break
        enrolment = sprint.record.enrolments[enrolment_id]
        journey = journeys.get(enrolment.journey)
        step = journey.steps.get(enrolment.step) if journey is not None else None
        if journey is None or step is None:
            missing = f"{enrolment.journey} is not published, or has no such step"
            sprint = hold(sprint, enrolment, missing, now)
        else:
            sprint = step_onto(sprint, journey, enrolment, step.after_wait, now)
    return sprint


def _leave(record: PatientRecord, changed: SegmentChanged, journeys: Journeys, now: Instant) -> Sprint:
    sprint = Sprint(record)
    for enrolment in record.enrolments.values():
        journey = journeys.get(enrolment.journey)
        if journey is not None and journey.exit_on_leaving and journey.segment == changed.url:
            reason = f"Left {journey.title}: no longer in the segment ({changed.reason})"
            sprint = end(sprint, enrolment, "revoked", reason, now)
            sprint = sprint.calling_off(of_enrolment(enrolment), changed.reason, now)
    return sprint
