"""Migrate: somebody inside one version of a journey goes on in another, as staff ask for; or says why not.

Called by shared.journey.asked, and by shared.usecases.journeys.migrate to count what would happen.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.events import MigrationAsked
from shared.fhir.instants import Instant
from shared.journey.compile import CompiledJourney
from shared.journey.gate import GATE
from shared.journey.index import Journeys
from shared.journey.published import moved_to, step_in
from shared.journey.schedule import SCHEDULED
from shared.journey.sprint import Sprint
from shared.patient.state import Enrolment


def why_not(
    enrolment: Enrolment, target: CompiledJourney, journeys: Journeys, names: Mapping[str, str]
) -> str:
    """Return why an enrolment cannot go on in a version, or ""; `names` are the new names of steps."""
    latest = journeys.latest(target.url)
    if enrolment.step in (SCHEDULED, GATE) and latest is not target:
        return "it has not begun: it begins on the latest version in any case"
    to = step_in(target, enrolment.step, names)
    if to not in target.steps or (to.startswith("@") and enrolment.step not in (SCHEDULED, GATE)):
        return f"version {target.version} has no step {to}"
    return ""


def migrated(sprint: Sprint, asked: MigrationAsked, journeys: Journeys, now: Instant) -> Sprint:
    """Let it go on there; who is in another version by now, or cannot, stays where they are."""
    enrolment, target = sprint.record.enrolments.get(asked.enrolment_id), journeys.get(asked.to)
    if enrolment is None or target is None or enrolment.journey != asked.of or asked.of == asked.to:
        return sprint
    if target.url != enrolment.journey_url or why_not(enrolment, target, journeys, asked.steps):
        return sprint
    said = f" by {asked.by}: {asked.reason}"
    return moved_to(sprint, journeys, target, enrolment, asked.steps, said, now)
