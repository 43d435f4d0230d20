"""What hangs on a resource follows it, moved, cancelled or gone; what hangs on a person ends with them."""

from __future__ import annotations

from shared.errors import AuthorFault
from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.journey.compile import CompiledJourney
from shared.journey.index import Journeys
from shared.journey.run import settle
from shared.journey.sprint import Sprint, end, hold, line, of_enrolment
from shared.journey.steps.base import Ends, Goes, Outcome, Standing
from shared.patient.lost import ENDED_STATUSES, why_lost
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment, Message


def lose_person(record: PatientRecord, now: Instant) -> Sprint | None:
    """Revoke everything when nobody is there to be written to; None when somebody is."""
    reason = why_lost(record.person)
    if not reason:
        return None
    sprint = Sprint(record)
    for enrolment in record.enrolments.values():
        sprint = end(sprint, enrolment, "revoked", f"Revoked: {reason}", now)
    return sprint.calling_off(lambda _: True, reason, now)


def move_focus(sprint: Sprint, reference: str, journeys: Journeys, now: Instant) -> Sprint:
    """Make every enrolment that hangs on this resource follow it."""
    focus = sprint.record.facts.get(reference)
    if focus is None:
        return sprint
    for enrolment in tuple(sprint.record.enrolments.values()):
        if enrolment.focus == reference:
            sprint = _follow(sprint, enrolment, focus, journeys.get(enrolment.journey), now)
    return _unsent(sprint, focus, journeys, now)


def _unsent(sprint: Sprint, focus: Fact, journeys: Journeys, now: Instant) -> Sprint:
    """Call off what enrolments that are over already have left unsent about this resource."""

    def pointless(message: Message) -> bool:
        return message.focus == focus.reference and bool(_ended(focus, journeys.get(message.journey)))

    return sprint.calling_off(pointless, _ended(focus, None), now)


def _follow(
    sprint: Sprint, enrolment: Enrolment, focus: Fact, journey: CompiledJourney | None, now: Instant
) -> Sprint:
    if reason := _ended(focus, journey):
        sprint = end(sprint, enrolment, "revoked", f"Revoked: {reason}", now)
        return sprint.calling_off(of_enrolment(enrolment), reason, now)
    step = journey.steps.get(enrolment.step) if journey is not None else None
    if journey is None or step is None or step.moved is None or enrolment.status != "active":
        return sprint
    try:
        outcome = step.moved(Standing(sprint.record, enrolment, now))
    except AuthorFault as fault:
        return hold(sprint, enrolment, fault.reason, now)
    return sprint if outcome is None else _moved(sprint, journey, enrolment, outcome, now)


def _moved(
    sprint: Sprint, journey: CompiledJourney, enrolment: Enrolment, outcome: Outcome, now: Instant
) -> Sprint:
    if not isinstance(outcome, Goes | Ends):
        sprint = sprint.saying(line(now, f"{enrolment.focus} moved", enrolment))
    return settle(sprint, journey, enrolment, outcome, now)


def _ended(focus: Fact, journey: CompiledJourney | None) -> str:
    """Return why the focus ends the enrolment; a journey that begins with that very status goes on."""
    meant = journey.change if journey is not None else None
    if focus.gone:
        return "" if meant and meant.interaction == "deleted" else f"{focus.reference} was deleted"
    if focus.status not in ENDED_STATUSES or (meant is not None and focus.status in meant.status):
        return ""
    return f"{focus.reference} is {focus.status}"
