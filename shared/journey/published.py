"""What a publication means for a patient: who is inside moves, leaves or goes on; others come in."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from shared.errors import AuthorFault
from shared.fhir.canonical import version_key
from shared.fhir.instants import Instant
from shared.journey.compile import CompiledJourney
from shared.journey.enter import enter
from shared.journey.gate import GATE
from shared.journey.index import Journeys
from shared.journey.run import redo, settle, step_onto, take
from shared.journey.schedule import SCHEDULED
from shared.journey.sprint import Entry, Sprint, hold, line, revoke, standing_at
from shared.journey.steps.base import CompiledStep, Standing, Waits
from shared.patient.state import AGAIN, Enrolment, let_go


def look_inside(sprint: Sprint, journeys: Journeys, now: Instant) -> Sprint:
    """Do with everybody who is inside a journey what its latest version and the controls say."""
    for enrolment in tuple(sprint.record.enrolments.values()):
        journey = journeys.get(enrolment.journey)
        if journeys.stopped(enrolment.journey):
            sprint = revoke(sprint, enrolment, "the journey was stopped", now)
        elif journey is not None:
            sprint = _migrated(sprint, journeys, journey, enrolment, now)
    return sprint


def _migrated(
    sprint: Sprint, journeys: Journeys, journey: CompiledJourney, enrolment: Enrolment, now: Instant
) -> Sprint:
    latest = journeys.latest(journey.url)
    wanted = latest.on_publish.those_inside if latest is not None else "finish"
    newer = latest is not None and version_key(latest.version) > version_key(journey.version)
    if enrolment.step in (SCHEDULED, GATE):  # nobody has promised them anything yet
        wanted = "move"
    if latest is not None and newer and wanted == "leave":
        return revoke(sprint, enrolment, f"version {latest.version} takes its place", now)
    if latest is not None and newer and wanted == "move":
        return moved_to(sprint, journeys, latest, enrolment, latest.on_publish.steps, "", now)
    if enrolment.held == "paused" and not journeys.paused(journey.url):
        return resume(sprint, journeys, journey, enrolment, "the journey goes on", now)
    return sprint


def moved_to(
    sprint: Sprint,
    journeys: Journeys,
    target: CompiledJourney,
    enrolment: Enrolment,
    names: Mapping[str, str],
    why: str,
    now: Instant,
) -> Sprint:
    """Move somebody to another version: to the same step as if it had always been so, or to its new name.

    `names` are the new names of steps, by the old; what has failed stays so, at the step to try again.
    """
    was, to = enrolment.step, step_in(target, enrolment.step, names)
    begun = was not in (SCHEDULED, GATE)
    ends = target.exits.ends(enrolment.entered) if begun else target.exits.until
    moved = replace(enrolment, journey=target.canonical, ends=ends)
    text = f"Moved to version {target.version} of {target.title}{why}"
    sprint = sprint.keeping(moved).saying(line(now, text, moved))
    step = target.steps.get(to)
    if step is None:
        return hold(sprint, moved, f"version {target.version} has no step {to}", now)
    if moved.held == "fault":
        return sprint.keeping(_failed_in(moved, to, names))
    if moved.held == "paused" and not journeys.paused(target.url):
        moved = let_go(moved)
    if to != was or moved.arrived is None:
        return step_onto(sprint, journeys, target, moved, to, now)
    return _as_if_always(sprint, journeys, target, moved, step, now)


def step_in(target: CompiledJourney, step: str, names: Mapping[str, str]) -> str:
    """Return where somebody stands in another version who stands at a step of this one."""
    return names.get(step, target.first if step == GATE else step)


def _failed_in(moved: Enrolment, to: str, names: Mapping[str, str]) -> Enrolment:
    """Let what failed be tried again by the names of the version it is in now."""
    failed = [names.get(step, step) for step in moved.results.get(AGAIN, "").split()]
    results = {**moved.results, AGAIN: " ".join(failed)} if failed else moved.results
    return replace(moved, step=to, results=results)


def _as_if_always(
    sprint: Sprint,
    journeys: Journeys,
    latest: CompiledJourney,
    moved: Enrolment,
    step: CompiledStep,
    now: Instant,
) -> Sprint:
    """Let somebody wait as if their step had said so when they came to it; where it waits no more, go on."""
    try:
        outcome = (step.stays or step.run)(Standing(sprint.record, moved, moved.arrived or now))
    except AuthorFault as fault:
        return hold(sprint, moved, fault.reason, now)
    late = isinstance(outcome, Waits) and outcome.due is not None and outcome.due <= now
    if isinstance(outcome, Waits) and late and step.woken is not None and not moved.held:
        waited = replace(moved, due=outcome.due)
        return take(sprint, journeys, latest, waited, step.woken, now)
    if isinstance(outcome, Waits):
        return settle(sprint, journeys, latest, moved, replace(outcome, effects=()), now)
    return step_onto(sprint, journeys, latest, moved, moved.step, now)


def resume(
    sprint: Sprint, journeys: Journeys, journey: CompiledJourney, enrolment: Enrolment, why: str, now: Instant
) -> Sprint:
    """Let somebody go on who stood still: onto the step that comes next, or on with their wait."""
    free = let_go(enrolment)
    sprint = sprint.saying(line(now, f"Goes on {standing_at(free)}: {why}", free))
    step = journey.steps.get(free.step)
    if free.arrived is None or step is None:
        return step_onto(sprint, journeys, journey, free, free.step, now)
    if free.due is not None and free.due <= now and step.woken is not None:
        return take(sprint, journeys, journey, free, step.woken, now)
    return sprint.keeping(free)


def again(
    sprint: Sprint, journeys: Journeys, journey: CompiledJourney, enrolment: Enrolment, why: str, now: Instant
) -> Sprint:
    """Do once more what went wrong at steps that somebody has passed, and let them go on where they stand."""
    redone = let_go(enrolment)
    failed = enrolment.results[AGAIN].split()
    for step_id in failed:
        if step_id in journey.steps and step_id != enrolment.step:
            sprint, redone = redo(sprint, redone, journey.steps[step_id], now)
    if enrolment.step in failed:
        sprint = sprint.saying(line(now, f"At {enrolment.step}: {why}", redone))
        return step_onto(sprint, journeys, journey, redone, enrolment.step, now)
    return resume(sprint, journeys, journey, redone, why, now)


def look_back(sprint: Sprint, journeys: Journeys, seen: int, now: Instant) -> Sprint:
    """Let in, or expect, those whom journeys that came after publication `seen` mean by what was before."""
    for journey in journeys.since(seen):
        trigger = journey.trigger
        if trigger.segment_member is not None:
            held = sprint.record.memberships.get(trigger.segment_member.segment)
            if held is not None and held.member:
                cause = f"{trigger.segment_member.segment}@{held.since}"
                sprint = enter(sprint, journeys, journey, Entry(cause, held.reason or "in its segment"), now)
        elif trigger.instant is not None:
            for fact in sprint.record.facts.of(trigger.instant.of.type).values():
                if not fact.gone and trigger.instant.of.describes(fact):
                    sprint = expect_resource(sprint, journeys, journey, fact.reference, now)
        else:
            sprint = expect_year(sprint, journeys, journey, now)
    return sprint


def expect_resource(
    sprint: Sprint, journeys: Journeys, journey: CompiledJourney, reference: str, now: Instant
) -> Sprint:
    """Expect a patient at an instant of a resource."""
    fact = sprint.record.facts.get(reference)
    version = f"{fact.version}|{fact.updated}" if fact is not None else ""
    entry = Entry(f"{reference}|{version}", f"{reference} {fact.status if fact else ''}".strip(), reference)
    return enter(sprint, journeys, journey, entry, now)


def expect_year(sprint: Sprint, journeys: Journeys, journey: CompiledJourney, now: Instant) -> Sprint:
    """Expect a patient on the next of its days of the year."""
    return enter(sprint, journeys, journey, Entry(f"after {now}", "its day of the year"), now)
