"""The engine's doors for what staff, campaigns and the gate's keeper ask for; each says who and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shared.events import EffectRefused, EnrolAsked, EnrolmentAsked, EntryGranted
from shared.fhir.instants import Instant, iso
from shared.journey.compile import CompiledJourney
from shared.journey.enter import begin_at, enter, grant
from shared.journey.finish import finished
from shared.journey.gate import GATE, GRANTED
from shared.journey.happened import TimePassed
from shared.journey.heed import heed
from shared.journey.index import Journeys
from shared.journey.published import again, resume
from shared.journey.run import step_onto
from shared.journey.schedule import SCHEDULED
from shared.journey.sprint import Entry, Sprint, end, hold, line, of_enrolment, revoke
from shared.patient.record import PatientRecord, TimelineLine
from shared.patient.state import AGAIN, Enrolment, failed_at, let_go

type _Do = Callable[[Sprint, EnrolmentAsked, Journeys, CompiledJourney, Enrolment, Instant], Sprint]


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
            sprint = _do_asked(Sprint(record), asked, journeys, now)
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
    enrolment_id = getattr(refused.effect, "enrolment_id", "")
    enrolment = record.enrolments.get(enrolment_id)
    if enrolment is None:
        refs = tuple(filter(None, (enrolment_id,)))
        return Sprint(record).saying(TimelineLine(now, "fault", f"Refused: {refused.reason}", refs))
    step = getattr(refused.effect, "step", "")
    return hold(Sprint(record), failed_at(enrolment, step), refused.reason, now)


def _do_asked(sprint: Sprint, asked: EnrolmentAsked, journeys: Journeys, now: Instant) -> Sprint:
    """Do it; what makes no sense for the enrolment as it is now changes nothing but is said."""
    enrolment = sprint.record.enrolments.get(asked.enrolment_id)
    journey = journeys.get(enrolment.journey) if enrolment is not None else None
    if enrolment is None:
        return sprint
    if journey is None:
        known = asked.action == "stop"
        return _stop_unknown(sprint, asked, enrolment, now) if known else sprint
    return _ACTIONS[asked.action](sprint, asked, journeys, journey, enrolment, now)


def _said(asked: EnrolmentAsked) -> str:
    return f"by {asked.by}" + (f": {asked.reason}" if asked.reason else "")


def _pause(
    sprint: Sprint,
    asked: EnrolmentAsked,
    _: Journeys,
    __: CompiledJourney,
    enrolment: Enrolment,
    now: Instant,
) -> Sprint:
    if enrolment.held in ("staff", "fault"):
        return sprint
    return hold(sprint, enrolment, f"paused {_said(asked)}", now, "staff")


def _resume(
    sprint: Sprint,
    asked: EnrolmentAsked,
    journeys: Journeys,
    journey: CompiledJourney,
    enrolment: Enrolment,
    now: Instant,
) -> Sprint:
    if enrolment.held != "staff":
        return sprint
    return resume(sprint, journeys, journey, enrolment, f"resumed {_said(asked)}", now)


def _stop(
    sprint: Sprint,
    asked: EnrolmentAsked,
    _: Journeys,
    journey: CompiledJourney,
    enrolment: Enrolment,
    now: Instant,
) -> Sprint:
    reason = f"stopped {_said(asked)}"
    sprint = end(sprint, enrolment, "revoked", f"Left {journey.title}: {reason}", now)
    return sprint.calling_off(of_enrolment(enrolment), reason, now)


def _stop_unknown(sprint: Sprint, asked: EnrolmentAsked, enrolment: Enrolment, now: Instant) -> Sprint:
    return revoke(sprint, enrolment, f"stopped {_said(asked)}", now)


def _retry(
    sprint: Sprint,
    asked: EnrolmentAsked,
    journeys: Journeys,
    journey: CompiledJourney,
    enrolment: Enrolment,
    now: Instant,
) -> Sprint:
    if enrolment.held != "fault":
        return sprint
    why = f"tried again {_said(asked)}"
    if AGAIN in enrolment.results:
        return again(sprint, journeys, journey, enrolment, why, now)
    return _onto(sprint, why, journeys, journey, enrolment, enrolment.step, now)


def _move(
    sprint: Sprint,
    asked: EnrolmentAsked,
    journeys: Journeys,
    journey: CompiledJourney,
    enrolment: Enrolment,
    now: Instant,
) -> Sprint:
    if asked.step not in journey.steps:
        said = line(now, f"Not moved: there is no step {asked.step}", enrolment, "fault")
        return sprint.saying(said)
    reason = f"moved to {asked.step} {_said(asked)}"
    sprint = sprint.calling_off(of_enrolment(enrolment), reason, now)
    return _onto(sprint, reason, journeys, journey, enrolment, asked.step, now)


def _onto(
    sprint: Sprint,
    why: str,
    journeys: Journeys,
    journey: CompiledJourney,
    enrolment: Enrolment,
    step: str,
    now: Instant,
) -> Sprint:
    free = let_go(enrolment)
    sprint = sprint.saying(line(now, f"At {enrolment.step}: {why}", enrolment))
    if free.step in (SCHEDULED, GATE) and step not in (SCHEDULED, GATE):
        return begin_at(sprint, journeys, journey, free, step, now)
    return step_onto(sprint, journeys, journey, free, step, now)


_ACTIONS: Mapping[str, _Do] = {
    "pause": _pause,
    "resume": _resume,
    "stop": _stop,
    "retry": _retry,
    "move": _move,
}
