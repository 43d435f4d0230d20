"""The engine's doors for what staff, campaigns and the gate's keeper ask for; each says who and why."""

from __future__ import annotations

from shared.events import EffectRefused, EnrolAsked, EnrolmentAsked, EntryGranted
from shared.fhir.instants import Instant, iso
from shared.journey.enter import enter, grant
from shared.journey.finish import finished
from shared.journey.gate import GATE, GRANTED
from shared.journey.happened import TimePassed
from shared.journey.heed import heed
from shared.journey.index import Journeys
from shared.journey.schedule import SCHEDULED
from shared.journey.sprint import Entry, Sprint, hold
from shared.journey.staff import do_asked
from shared.patient.record import PatientRecord, TimelineLine
from shared.patient.state import failed_at


def on_asked(
    record: PatientRecord, asked: EnrolAsked | EnrolmentAsked | EntryGranted, journeys: Journeys, now: Instant
) -> Sprint:
    """Do what staff, a campaign, another system or the gate's keeper asks for."""
    match asked:
        case EnrolAsked():
            sprint = _entered(Sprint(record), asked, journeys, now)
        case EntryGranted(enrolment_id=enrolment_id):
            sprint = _granted(Sprint(record), enrolment_id, journeys, now)
        case EnrolmentAsked():
            sprint = do_asked(Sprint(record), asked, journeys, now)
            sprint = heed(sprint, journeys, TimePassed(), now)  # who is moved may have to leave at once
    return finished(sprint, journeys, now)


def _entered(sprint: Sprint, asked: EnrolAsked, journeys: Journeys, now: Instant) -> Sprint:
    journey = journeys.latest(asked.journey)
    if journey is None:
        return sprint
    begins = iso(asked.not_before) if asked.not_before is not None else asked.local_at
    results = {**asked.results, SCHEDULED: begins} if begins else asked.results
    entry = Entry(asked.cause, asked.why, asked.focus, results)
    return enter(sprint, journeys, journey, entry, now)


def _granted(sprint: Sprint, enrolment_id: str, journeys: Journeys, now: Instant) -> Sprint:
    enrolment = sprint.record.enrolments.get(enrolment_id)
    journey = journeys.get(enrolment.journey) if enrolment is not None else None
    if enrolment is None or journey is None or enrolment.step != GATE:
        return sprint
    if enrolment.results.get(GATE) == GRANTED:  # let in already, and standing still
        return sprint
    return grant(sprint, journeys, journey, enrolment, now)


def on_refused(record: PatientRecord, refused: EffectRefused, journeys: Journeys, now: Instant) -> Sprint:
    """Put the enrolment on hold whose step asked for what the world refuses to do."""
    effect = refused.effect
    enrolment = record.enrolments.get(effect.enrolment_id)
    if enrolment is None:
        refs = (effect.enrolment_id,)
        return Sprint(record).saying(TimelineLine(now, "fault", f"Refused: {refused.reason}", refs))
    return hold(Sprint(record), failed_at(enrolment, effect.step), refused.reason, now)
