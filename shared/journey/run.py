"""Run one enrolment from the step it stands at until it waits, ends or is held: the engine's inner loop."""

from __future__ import annotations

from msgspec.structs import replace

from shared.errors import AuthorFault
from shared.fhir.instants import Instant
from shared.journey.compile import CompiledJourney
from shared.journey.gate import GATE
from shared.journey.happening import short
from shared.journey.index import Journeys
from shared.journey.schedule import SCHEDULED
from shared.journey.sprint import Entry, SendIntent, Sprint, end, hold, line, revoke
from shared.journey.steps.base import Asks, CompiledStep, Ends, Goes, Outcome, Run, Standing, Waits
from shared.patient.state import Enrolment, let_go

MOST_STEPS = 1000
"""Steps that one advance may take: more is a loop that the check could not see."""

MOST_SENDS = 20
"""Messages that one enrolment may ask for without waiting: more is no courtesy to anybody."""

MOST_INTENTS = 40
"""Messages that come of one event, before what else would be sent is left to the next wake-up: a patient is
committed in one transaction, which takes 100 rows."""

PAUSED = "the journey is paused"


def step_onto(
    sprint: Sprint,
    journeys: Journeys,
    journey: CompiledJourney,
    enrolment: Enrolment,
    step_id: str,
    now: Instant,
) -> Sprint:
    """Move an enrolment onto a step and run on from there; under a pause it stands there, not yet arrived."""
    for _ in range(MOST_STEPS):
        if not step_id:
            return end(sprint, enrolment, "completed", f"Completed {journey.title}", now)
        enrolment = replace(
            enrolment,
            step=step_id,
            sequence=enrolment.sequence + 1,
            due=None,
            arrived=None,
            results=_kept_at(step_id, enrolment.results),
        )
        if enrolment.held == "staff":
            return sprint.keeping(replace(enrolment, status="on-hold"))
        if journeys.paused(journey.url):
            return hold(sprint, enrolment, PAUSED, now, "paused")
        step = journey.steps.get(step_id)
        if step is None:
            return hold(sprint, enrolment, f"there is no step {step_id}", now)
        enrolment = replace(let_go(enrolment) if enrolment.held else enrolment, arrived=now)
        outcome = _outcome(step.run, sprint, enrolment, now)
        sends = isinstance(outcome, Asks) or (isinstance(outcome, Goes) and outcome.sends)
        if sends and _asked_for(sprint, now) >= MOST_INTENTS:
            return sprint.keeping(replace(enrolment, arrived=None, due=Instant(now + 1)))
        if sends and _sends(sprint, enrolment) >= MOST_SENDS:
            return hold(sprint, enrolment, f"asked for more than {MOST_SENDS} messages without waiting", now)
        if step_id == SCHEDULED or not isinstance(outcome, Goes):
            return settle(sprint, journeys, journey, enrolment, outcome, now)
        sprint, enrolment = _passed(sprint, enrolment, step, outcome, now)
        step_id = outcome.to
    return hold(sprint, enrolment, f"took {MOST_STEPS} steps without waiting", now)


def take(
    sprint: Sprint, journeys: Journeys, journey: CompiledJourney, enrolment: Enrolment, run: Run, now: Instant
) -> Sprint:
    """Let an enrolment do what one of the functions of its step says."""
    return settle(sprint, journeys, journey, enrolment, _outcome(run, sprint, enrolment, now), now)


def settle(
    sprint: Sprint,
    journeys: Journeys,
    journey: CompiledJourney,
    enrolment: Enrolment,
    outcome: Outcome | AuthorFault,
    now: Instant,
) -> Sprint:
    """Make an enrolment do what the step that it stands at came to."""
    match outcome:
        case AuthorFault(reason=reason):
            return hold(sprint, enrolment, reason, now)
        case Waits(due, why, effects):
            waiting = replace(enrolment, due=due)
            said = line(now, _waiting(journey, waiting, why), waiting)
            return sprint.keeping(waiting).doing(*effects).saying(said)
        case Asks():
            return _asking(sprint, journey, enrolment, outcome, now)
        case Ends(reason) if enrolment.step == SCHEDULED:
            return revoke(sprint, enrolment, reason, now)
        case Ends(reason):
            return end(sprint, enrolment, "completed", f"Left {journey.title}: {reason}", now)
        case Goes() if enrolment.step == SCHEDULED:
            return replace(sprint.keeping(enrolment), begins=(*sprint.begins, enrolment.enrolment_id))
        case Goes(to):
            step = journey.steps[enrolment.step]
            sprint, enrolment = _passed(sprint, enrolment, step, outcome, now)
            return step_onto(sprint, journeys, journey, enrolment, to, now)


def _asking(
    sprint: Sprint, journey: CompiledJourney, enrolment: Enrolment, asks: Asks, now: Instant
) -> Sprint:
    """Ask at the step where an enrolment stands, and wait there."""
    step = journey.steps[enrolment.step]
    before = {key: came for key, came in enrolment.results.items() if not key.startswith(f"{step.step_id}.")}
    asking = replace(
        enrolment, due=asks.due, sequence=enrolment.sequence + 1, results={**before, **asks.results}
    )
    intent = replace(_intent(asking, step), values=asks.values, answers=asks.answers)
    said = line(now, f"At {asking.step}: {asks.why}", asking)
    return replace(sprint.keeping(asking).saying(said), intents=(*sprint.intents, intent))


def _kept_at(step_id: str, results: dict[str, str]) -> dict[str, str]:
    """Forget what was remembered only while an enrolment was at another step; "" is none at all."""
    if not any("." in key for key in results):
        return results
    return {key: came for key, came in results.items() if key.partition(".")[0] == step_id or "." not in key}


def _waiting(journey: CompiledJourney, enrolment: Enrolment, why: str) -> str:
    """Say what somebody waits for: at a step, or before the first of them."""
    if enrolment.step == SCHEDULED:
        return f"Expected in {journey.title} at {why}: {enrolment.reason}"
    if enrolment.step == GATE:
        return f"Waits to be let into {journey.title}: {enrolment.reason}"
    return f"At {enrolment.step}: {why}"


def redo(sprint: Sprint, enrolment: Enrolment, step: CompiledStep, now: Instant) -> tuple[Sprint, Enrolment]:
    """Bring about once more what passing a step brings about, wherever the enrolment stands now."""
    enrolment = replace(enrolment, sequence=enrolment.sequence + 1)
    outcome = _outcome(step.run, sprint, replace(enrolment, step=step.step_id), now)
    if not isinstance(outcome, Goes):
        return sprint, enrolment
    return _passed(sprint, enrolment, step, outcome, now)


def _outcome(run: Run, sprint: Sprint, enrolment: Enrolment, now: Instant) -> Outcome | AuthorFault:
    try:
        return run(Standing(sprint.record, enrolment, now))
    except AuthorFault as fault:
        return fault


def _asked_for(sprint: Sprint, now: Instant) -> int:
    """Count the messages that this call asks for, and those that calls before it at this instant did."""
    return len(sprint.intents) + sum(m.created == now for m in sprint.record.messages.values())


def _sends(sprint: Sprint, enrolment: Enrolment) -> int:
    return sum(intent.enrolment_id == enrolment.enrolment_id for intent in sprint.intents)


def _passed(
    sprint: Sprint, enrolment: Enrolment, step: CompiledStep, outcome: Goes, now: Instant
) -> tuple[Sprint, Enrolment]:
    """Leave behind what passing a step brings about, and forget what it had to remember."""
    enrolment = replace(enrolment, results=_kept_at("", enrolment.results))
    if outcome.result:
        enrolment = replace(enrolment, results={**enrolment.results, step.step_id: outcome.result})
    if outcome.sends:
        sprint = replace(sprint, intents=(*sprint.intents, _intent(enrolment, step)))
    if outcome.why:
        sprint = sprint.saying(line(now, f"At {step.step_id}: {outcome.why}", enrolment))
    sprint = sprint.doing(*outcome.effects)
    if outcome.starts:
        cause = f"{enrolment.enrolment_id}#{enrolment.sequence}"
        entry = Entry(cause, f"started by {short(enrolment.journey_url)}", enrolment.focus)
        sprint = replace(sprint, entries=(*sprint.entries, (outcome.starts, entry)))
    return (_ended(sprint, enrolment, outcome, now) if outcome.ends else sprint), enrolment


def _intent(enrolment: Enrolment, step: CompiledStep) -> SendIntent:
    return SendIntent(
        enrolment_id=enrolment.enrolment_id,
        sequence=enrolment.sequence,
        step=step.step_id,
        journey=enrolment.journey,
        template=step.template,
        channels=step.channels,
        focus=enrolment.focus,
        to=step.to,
    )


def _ended(sprint: Sprint, enrolment: Enrolment, outcome: Goes, now: Instant) -> Sprint:
    """End the patient's enrolments in another journey; never the one that says so."""
    _, colon, why = outcome.why.partition(": ")
    reason = f"ended by {short(enrolment.journey_url)}{colon}{why}"
    for other in tuple(sprint.record.enrolments.values()):
        same = other.enrolment_id == enrolment.enrolment_id
        if not same and other.journey_url == outcome.ends:
            sprint = revoke(sprint, other, reason, now)
    return sprint
