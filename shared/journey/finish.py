"""The end of every call of the engine: what is to begin now begins, what steps have started starts."""

from __future__ import annotations

from msgspec.structs import replace

from shared.fhir.instants import Instant
from shared.journey.enter import begin, enter
from shared.journey.index import Journeys
from shared.journey.sprint import Sprint
from shared.patient.record import TimelineLine

MOST_ROUNDS = 50
"""How often beginning may make others begin in one call."""


def finished(sprint: Sprint, journeys: Journeys, now: Instant) -> Sprint:
    """Begin what is to begin now, and enter what steps have started, until there is nothing left.

    Journeys that start each other would go round for ever, and write to the patient each time: in one call
    a journey is started once for each focus.
    """
    started: set[tuple[str, str]] = set()
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
            if journey is not None and (url, entry.focus) in started:
                text = f"Not started again at once: {journey.title} starts itself"
                sprint = sprint.saying(TimelineLine(now, "fault", text, (journey.canonical,)))
            elif journey is not None:
                sprint = enter(sprint, journeys, journey, entry, now)
            started.add((url, entry.focus))
    return replace(sprint, begins=(), entries=())
