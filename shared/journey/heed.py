"""Heed: what happened ends enrolments whose goal or exit it is, and moves those that wait for it."""

from __future__ import annotations

from shared.errors import AuthorFault
from shared.fhir.instants import Instant
from shared.journey.compile import CompiledJourney
from shared.journey.gate import GATE
from shared.journey.happened import Happened
from shared.journey.index import Journeys
from shared.journey.run import settle
from shared.journey.schedule import SCHEDULED
from shared.journey.sprint import Sprint, end, hold, leave, of_enrolment
from shared.journey.steps.base import Standing
from shared.patient.state import Enrolment


def heed(sprint: Sprint, journeys: Journeys, happened: Happened, now: Instant) -> Sprint:
    """Let every enrolment hear of it, once each: one thing never ends two waits of one enrolment."""
    for enrolment in tuple(sprint.record.enrolments.values()):
        held = sprint.record.enrolments.get(enrolment.enrolment_id)
        journey = journeys.get(enrolment.journey)
        if held is enrolment and journey is not None:
            sprint = _heed(sprint, journeys, journey, enrolment, happened, now)
    return sprint


def _heed(
    sprint: Sprint,
    journeys: Journeys,
    journey: CompiledJourney,
    enrolment: Enrolment,
    happened: Happened,
    now: Instant,
) -> Sprint:
    standing = Standing(sprint.record, enrolment, now)
    if enrolment.step != SCHEDULED and (left := _left(sprint, journey, standing, happened)):
        return left
    step = journey.steps.get(enrolment.step)
    waits = enrolment.held in ("", "staff") and enrolment.arrived is not None
    if step is None or step.heard is None or not waits:
        return sprint
    try:
        outcome = step.heard(standing, happened)
    except AuthorFault as fault:
        return hold(sprint, enrolment, fault.reason, now)
    return sprint if outcome is None else settle(sprint, journeys, journey, enrolment, outcome, now)


def _left(sprint: Sprint, journey: CompiledJourney, standing: Standing, happened: Happened) -> Sprint | None:
    """End what has reached its goal, or must end; None where neither is so. A pause is no shelter."""
    enrolment, now = standing.enrolment, standing.now
    done = journey.exits.why_done(standing, happened)
    if done and enrolment.step != GATE:
        text = f"Completed {journey.title}: {done}"
        sprint = end(sprint, enrolment, "completed", text, now, goal=True)
        return sprint.calling_off(of_enrolment(enrolment), done, now)
    why = done or journey.exits.why_over(standing, happened)
    return leave(sprint, enrolment, journey.title, why, now) if why else None
