"""What staff may do with one enrolment: pause, resume, stop, retry, move; each says who and why.

Called by shared.journey.asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from shared.events import EnrolmentAsked
from shared.fhir.instants import Instant
from shared.journey.compile import CompiledJourney
from shared.journey.enter import begin_at
from shared.journey.gate import GATE
from shared.journey.index import Journeys
from shared.journey.published import again, resume
from shared.journey.run import step_onto
from shared.journey.schedule import SCHEDULED
from shared.journey.sprint import Sprint, end, hold, line, of_enrolment, revoke
from shared.patient.state import AGAIN, Enrolment, let_go


def do_asked(sprint: Sprint, asked: EnrolmentAsked, journeys: Journeys, now: Instant) -> Sprint:
    """Do it; what makes no sense for the enrolment as it is now changes nothing."""
    enrolment = sprint.record.enrolments.get(asked.enrolment_id)
    if enrolment is None:
        return sprint
    journey = journeys.get(enrolment.journey)
    if journey is None:  # no longer published: there is nothing to go on with
        stops = asked.action == "stop"
        return revoke(sprint, enrolment, f"stopped {_said(asked)}", now) if stops else sprint
    return _ACTIONS[asked.action](_Case(sprint, asked, journeys, journey, enrolment, now))


class _Case(Struct, frozen=True):
    """What is asked for, of which enrolment."""

    sprint: Sprint
    asked: EnrolmentAsked
    journeys: Journeys
    journey: CompiledJourney
    enrolment: Enrolment
    now: Instant

    @property
    def said(self) -> str:
        """Return who asks, and why."""
        return _said(self.asked)


def _said(asked: EnrolmentAsked) -> str:
    return f"by {asked.by}" + (f": {asked.reason}" if asked.reason else "")


def _pause(case: _Case) -> Sprint:
    if case.enrolment.held in ("staff", "fault"):
        return case.sprint
    return hold(case.sprint, case.enrolment, f"paused {case.said}", case.now, "staff")


def _resume(case: _Case) -> Sprint:
    if case.enrolment.held != "staff":
        return case.sprint
    why = f"resumed {case.said}"
    return resume(case.sprint, case.journeys, case.journey, case.enrolment, why, case.now)


def _stop(case: _Case) -> Sprint:
    reason = f"stopped {case.said}"
    text = f"Left {case.journey.title}: {reason}"
    sprint = end(case.sprint, case.enrolment, "revoked", text, case.now)
    return sprint.calling_off(of_enrolment(case.enrolment), reason, case.now)


def _retry(case: _Case) -> Sprint:
    if case.enrolment.held != "fault":
        return case.sprint
    why = f"tried again {case.said}"
    if AGAIN in case.enrolment.results:
        return again(case.sprint, case.journeys, case.journey, case.enrolment, why, case.now)
    return _onto(case, case.sprint, case.enrolment.step, why)


def _move(case: _Case) -> Sprint:
    step = case.asked.step
    if step not in case.journey.steps:
        text = f"Not moved: there is no step {step}"
        return case.sprint.saying(line(case.now, text, case.enrolment, "fault"))
    why = f"moved to {step} {case.said}"
    return _onto(case, case.sprint.calling_off(of_enrolment(case.enrolment), why, case.now), step, why)


def _onto(case: _Case, sprint: Sprint, step: str, why: str) -> Sprint:
    free = let_go(case.enrolment)
    sprint = sprint.saying(line(case.now, f"At {free.step}: {why}", case.enrolment))
    outside = (SCHEDULED, GATE)
    if free.step in outside and step not in outside:
        return begin_at(sprint, case.journeys, case.journey, free, step, case.now)
    return step_onto(sprint, case.journeys, case.journey, free, step, case.now)


_ACTIONS: Mapping[str, Callable[[_Case], Sprint]] = {
    "pause": _pause,
    "resume": _resume,
    "stop": _stop,
    "retry": _retry,
    "move": _move,
}
