"""The end of every call of the engine: what is to begin now begins, what steps have started starts."""

from __future__ import annotations

from msgspec.structs import replace

from shared.fhir.instants import Instant
from shared.journey.enter import begin, enter
from shared.journey.index import Journeys
from shared.journey.sprint import Sprint

MOST_ROUNDS = 50
"""How often beginning may make others begin in one call: more is journeys that start each other."""


def finished(sprint: Sprint, journeys: Journeys, now: Instant) -> Sprint:
    """Begin what is to begin now, and enter what steps have started, until there is nothing left."""
    for _ in range(MOST_ROUNDS):
        if not sprint.begins and not sprint.entries:
            break
        begins, entries = sprint.begins, sprint.entries
        sprint = replace(sprint, begins=(), entries=())
        for enrolment_id in begins:
            enrolment = sprint.record.enrolments.get(enrolment_id)
            journey = journeys.get(enrolment.journey) if enrolment is not None else None
            if enrolment is not None and journey is not None:
                sprint = begin(sprint, journeys, journey, enrolment, now)
        for url, entry in entries:
            journey = journeys.latest(url)
            if journey is not None:
                sprint = enter(sprint, journeys, journey, entry, now)
    return replace(sprint, begins=(), entries=())
