"""The engine's doors: a segment or a resource changed, an instant came, something was published.

Pure: each returns a Sprint and writes nothing; a call that means nothing returns the same record, no line.
Called by shared.decide, which hands the intents on to shared.message and the effects to the outbox.
"""

from __future__ import annotations

from shared.events import CustomEventReceived
from shared.fhir.fact import Person
from shared.fhir.instants import Instant, iso
from shared.journey.anchors import lose_person, move_focus
from shared.journey.change import said
from shared.journey.compile import CompiledJourney
from shared.journey.enter import enter
from shared.journey.finish import finished
from shared.journey.gate import GATE
from shared.journey.happened import TimePassed
from shared.journey.heed import heed
from shared.journey.index import Journeys
from shared.journey.published import expect_resource, expect_year, look_back, look_inside
from shared.journey.run import MOST_INTENTS, step_onto, take
from shared.journey.schedule import SCHEDULED
from shared.journey.sprint import Entry, SendIntent, Sprint, hold, leave, revoke
from shared.journey.steps.base import Standing
from shared.patient.apply import FactChanged
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment
from shared.patient.transition import SegmentChanged

__all__ = ["SendIntent", "Sprint", "on_change", "on_event", "on_published", "on_segment", "on_wakeup"]


def on_segment(record: PatientRecord, changed: SegmentChanged, journeys: Journeys, now: Instant) -> Sprint:
    """Enter the journeys that this segment starts, or leave those that end with it.

    The record already holds the new membership; one that has changed again since makes the call stale.
    """
    if (lost := lose_person(record, now)) is not None:  # who dies leaves segments, and reaches no goal by it
        return lost
    membership = record.memberships.get(changed.url)
    if membership is not None and membership.member != changed.entered:
        return Sprint(record)
    sprint = Sprint(record) if changed.entered else _leave(record, changed, journeys, now)
    sprint = heed(sprint, journeys, changed, now)
    since = membership.since if membership is not None else now
    starts = journeys.on_segment if changed.entered else journeys.on_leaving
    for journey in starts(changed.url):
        entry = Entry(f"{changed.url}@{since}", changed.reason)
        sprint = enter(sprint, journeys, journey, entry, now)
    return finished(sprint, journeys, now)


def on_change(record: PatientRecord, changed: FactChanged, journeys: Journeys, now: Instant) -> Sprint:
    """Move, end and start journeys as a resource of the patient changed; the record already holds it."""
    if (lost := lose_person(record, now)) is not None:
        return lost
    after = changed.after
    sprint = move_focus(Sprint(record), after.reference, journeys, now)
    sprint = heed(sprint, journeys, changed, now)
    if isinstance(after, Person):
        for journey in journeys.yearly:
            sprint = expect_year(sprint, journeys, journey, now)
    for journey in journeys.on_change(after.reference.partition("/")[0]):
        sprint = _triggered(sprint, journey, changed, journeys, now)
    return finished(sprint, journeys, now)


def _triggered(
    sprint: Sprint, journey: CompiledJourney, changed: FactChanged, journeys: Journeys, now: Instant
) -> Sprint:
    after, trigger = changed.after, journey.trigger
    if trigger.instant is not None:
        meant = not after.gone and trigger.instant.of.describes(after)
        return expect_resource(sprint, journeys, journey, after.reference, now) if meant else sprint
    if trigger.fhir_change is None or not trigger.fhir_change.fits(changed, now):
        return sprint
    entry = Entry(f"{after.reference}|{after.version}|{after.updated}", said(changed), after.reference)
    return enter(sprint, journeys, journey, entry, now)


def on_wakeup(record: PatientRecord, journeys: Journeys, now: Instant) -> Sprint:
    """Advance every active enrolment whose due has come, the earliest first; none other.

    Once MOST_INTENTS are asked for the others wait for the next wake-up: they are still due.
    """
    sprint = Sprint(record)
    for enrolment_id in [e.enrolment_id for e in record.enrolments.values() if e.ends and e.ends <= now]:
        sprint = _over(sprint, sprint.record.enrolments[enrolment_id], journeys, now)
    due = [
        (enrolment.due, enrolment.enrolment_id)
        for enrolment in sprint.record.enrolments.values()
        if enrolment.status == "active" and enrolment.due is not None and enrolment.due <= now
    ]
    for _, enrolment_id in sorted(due):
        if len(sprint.intents) >= MOST_INTENTS:
            break
        held = sprint.record.enrolments.get(enrolment_id)
        if held is not None and held.due is not None and held.due <= now:
            sprint = _woken(sprint, held, journeys, now)
    return finished(sprint, journeys, now)


def _over(sprint: Sprint, enrolment: Enrolment, journeys: Journeys, now: Instant) -> Sprint:
    journey = journeys.get(enrolment.journey)
    if journey is None:
        return revoke(sprint, enrolment, f"its time is up, as of {iso(enrolment.ends or now)}", now)
    late = journey.exits.why_late(Standing(sprint.record, enrolment, now))
    return leave(sprint, enrolment, journey.title, late, now)


def _woken(sprint: Sprint, enrolment: Enrolment, journeys: Journeys, now: Instant) -> Sprint:
    journey = journeys.get(enrolment.journey)
    step = journey.steps.get(enrolment.step) if journey is not None else None
    if journey is not None and step is not None:
        if enrolment.arrived is None:
            return step_onto(sprint, journeys, journey, enrolment, enrolment.step, now)
        if step.woken is not None:
            return take(sprint, journeys, journey, enrolment, step.woken, now)
    missing = f"{enrolment.journey} is not published, or has no such step"
    return hold(sprint, enrolment, missing, now)


def on_event(record: PatientRecord, event: CustomEventReceived, journeys: Journeys, now: Instant) -> Sprint:
    """Let journeys hear of a custom event, and begin those that it starts."""
    sprint = heed(Sprint(record), journeys, event, now)
    for journey in journeys.on_event(event.name):
        entry = Entry(f"event|{event.event_id}", f"event {event.name}")
        sprint = enter(sprint, journeys, journey, entry, now)
    return finished(sprint, journeys, now)


def on_published(record: PatientRecord, journeys: Journeys, seen: int, now: Instant) -> Sprint:
    """Do what was published, or switched, since publication `seen` means for this patient."""
    sprint = look_inside(Sprint(record), journeys, now)
    sprint = heed(sprint, journeys, TimePassed(), now)  # the goal of the new version may be reached
    return finished(look_back(sprint, journeys, seen, now), journeys, now)


def _leave(record: PatientRecord, changed: SegmentChanged, journeys: Journeys, now: Instant) -> Sprint:
    sprint = Sprint(record)
    for enrolment in record.enrolments.values():
        journey = journeys.get(enrolment.journey)
        expected = (
            journey is not None and journey.segment == changed.url and enrolment.step in (SCHEDULED, GATE)
        )
        if journey is not None and (expected or journey.exits.leaving == changed.url):
            why = f"no longer in the segment ({changed.reason})"
            sprint = leave(sprint, enrolment, journey.title, why, now)
    return sprint
