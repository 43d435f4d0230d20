"""Run one enrolment from the step it stands at until it waits, ends or is held: the engine's inner loop."""

from __future__ import annotations

from msgspec.structs import replace

from shared.errors import AuthorFault
from shared.fhir.instants import Instant
from shared.journey.compile import CompiledJourney
from shared.journey.sprint import SendIntent, Sprint, end, hold, line
from shared.journey.steps.base import CompiledStep, Ends, Goes, Outcome, Standing, Waits
from shared.patient.state import Enrolment

MOST_STEPS = 1000
"""Steps that one advance may take: more is a loop that the check could not see."""

MOST_SENDS = 20
"""Messages that one enrolment may ask for without waiting: more is no courtesy to anybody."""


def step_onto(
    sprint: Sprint, journey: CompiledJourney, enrolment: Enrolment, step_id: str, now: Instant
) -> Sprint:
    """Move an enrolment onto a step and run on from there."""
    for _ in range(MOST_STEPS):
        if not step_id:
            return end(sprint, enrolment, "completed", f"Completed {journey.title}", now)
        enrolment = replace(enrolment, step=step_id, sequence=enrolment.sequence + 1, due=None)
        step = journey.steps.get(step_id)
        if step is None:
            return hold(sprint, enrolment, f"there is no step {step_id}", now)
        try:
            outcome = step.run(Standing(sprint.record, enrolment, now))
        except AuthorFault as fault:
            return hold(sprint, enrolment, fault.reason, now)
        if not isinstance(outcome, Goes):
            return settle(sprint, journey, enrolment, outcome, now)
        if outcome.sends and _sends(sprint, enrolment) >= MOST_SENDS:
            return hold(sprint, enrolment, f"asked for more than {MOST_SENDS} messages without waiting", now)
        sprint = _passed(sprint, enrolment, step, outcome, now)
        step_id = outcome.to
    return hold(sprint, enrolment, f"took {MOST_STEPS} steps without waiting", now)


def _sends(sprint: Sprint, enrolment: Enrolment) -> int:
    return sum(intent.enrolment_id == enrolment.enrolment_id for intent in sprint.intents)


def settle(
    sprint: Sprint, journey: CompiledJourney, enrolment: Enrolment, outcome: Outcome, now: Instant
) -> Sprint:
    """Make an enrolment do what the step that it stands at came to."""
    match outcome:
        case Waits(due, why):
            waiting = replace(enrolment, status="active", due=due)
            return sprint.keeping(waiting).saying(line(now, f"At {enrolment.step}: {why}", waiting))
        case Ends(reason):
            return end(sprint, enrolment, "completed", f"Left {journey.title}: {reason}", now)
        case Goes(to, why):
            said = sprint.saying(line(now, f"At {enrolment.step}: {why}", enrolment)) if why else sprint
            return step_onto(said, journey, enrolment, to, now)


def _passed(sprint: Sprint, enrolment: Enrolment, step: CompiledStep, outcome: Goes, now: Instant) -> Sprint:
    if outcome.sends:
        intent = SendIntent(
            enrolment_id=enrolment.enrolment_id,
            sequence=enrolment.sequence,
            step=step.step_id,
            journey=enrolment.journey,
            template=step.template,
            channels=step.channels,
            focus=enrolment.focus,
        )
        sprint = replace(sprint, intents=(*sprint.intents, intent))
    if outcome.why:
        sprint = sprint.saying(line(now, f"At {step.step_id}: {outcome.why}", enrolment))
    return sprint
