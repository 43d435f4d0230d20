"""The engine's doors for what staff, campaigns and the gate's keeper ask for; each says who and why."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from shared.effects import AnswerAppointment, OutboxEffect
from shared.events import EffectRefused, EnrolAsked, EnrolmentAsked, EntryGranted, MigrationAsked
from shared.fhir.instants import Instant, iso
from shared.journey.enter import enter, grant
from shared.journey.finish import finished
from shared.journey.gate import GATE, GRANTED
from shared.journey.happened import CarriedOut, TimePassed
from shared.journey.heed import heed
from shared.journey.index import Journeys
from shared.journey.migrating import migrated
from shared.journey.run import settle
from shared.journey.schedule import SCHEDULED
from shared.journey.sprint import Entry, Sprint, hold
from shared.journey.staff import do_asked
from shared.journey.steps.base import Goes, Standing
from shared.patient.record import PatientRecord, TimelineLine
from shared.patient.state import failed_at


def on_asked(
    record: PatientRecord,
    asked: EnrolAsked | EnrolmentAsked | MigrationAsked | EntryGranted,
    journeys: Journeys,
    now: Instant,
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
        case MigrationAsked():
            sprint = migrated(Sprint(record), asked, journeys, now)
            sprint = heed(sprint, journeys, TimePassed(), now)
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


def on_done(record: PatientRecord, done: Iterable[OutboxEffect], journeys: Journeys, now: Instant) -> Sprint:
    """Let the enrolments go on that waited until what they asked for was done."""
    sprint = Sprint(record)
    for effect in done:
        if isinstance(effect, AnswerAppointment):
            sprint = heed(sprint, journeys, CarriedOut(effect), now)
    return finished(sprint, journeys, now)


def on_refused(record: PatientRecord, refused: EffectRefused, journeys: Journeys, now: Instant) -> Sprint:
    """Put the enrolment on hold whose step asked for what the world refuses to do.

    One that waits for just this goes where its author says.
    """
    effect = refused.effect
    enrolment = record.enrolments.get(effect.enrolment_id)
    if enrolment is None:
        refs = tuple(filter(None, (effect.enrolment_id,)))
        return Sprint(record).saying(TimelineLine(now, "fault", f"Refused: {refused.reason}", refs))
    journey = journeys.get(enrolment.journey)
    step = journey.steps.get(enrolment.step) if journey is not None else None
    if journey and step and step.refused and effect.step == enrolment.step and not enrolment.held:
        outcome = step.refused(Standing(record, enrolment, now))
        if isinstance(outcome, Goes):
            outcome = replace(outcome, why=refused.reason)
            return finished(settle(Sprint(record), journeys, journey, enrolment, outcome, now), journeys, now)
    return hold(Sprint(record), failed_at(enrolment, effect.step), refused.reason, now)
