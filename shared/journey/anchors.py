"""What hangs on a resource follows it, moved, cancelled or gone; what hangs on a person ends with them."""

from __future__ import annotations

from shared.errors import AuthorFault
from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.journey.compile import CompiledJourney
from shared.journey.index import Journeys
from shared.journey.run import settle
from shared.journey.schedule import SCHEDULED
from shared.journey.sprint import Sprint, hold, line, revoke
from shared.journey.steps.base import CompiledStep, Standing, Waits
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
        sprint = revoke(sprint, enrolment, reason, now)
    return sprint.calling_off(lambda _: True, reason, now)


def move_focus(sprint: Sprint, reference: str, journeys: Journeys, now: Instant) -> Sprint:
    """Make every enrolment that hangs on this resource, or on one of its type, follow it."""
    focus = sprint.record.facts.get(reference)
    kind = reference.partition("/")[0]
    for enrolment in tuple(sprint.record.enrolments.values()):
        journey = journeys.get(enrolment.journey)
        step = journey.steps.get(enrolment.step) if journey is not None else None
        own = focus if enrolment.focus == reference else None
        if (
            own is not None
            and (reason := _over(own, enrolment, journey))
            and not _own_doing(own, enrolment.step, journey)
        ):
            sprint = revoke(sprint, enrolment, reason, now)
        elif journey and step and (enrolment.focus == reference or kind in step.follows):
            moved = f"{reference} moved" if enrolment.focus == reference else ""
            sprint = _follow(sprint, journeys, journey, enrolment, step, moved, now)
    return sprint if focus is None else _unsent(sprint, focus, journeys, now)


def _unsent(sprint: Sprint, focus: Fact, journeys: Journeys, now: Instant) -> Sprint:
    """Call off what enrolments that are over already have left unsent about this resource."""

    def pointless(message: Message) -> bool:
        journey = journeys.get(message.journey)
        ended = message.focus == focus.reference and bool(_ended(focus, journey))
        return ended and not _own_doing(focus, message.step, journey)

    return sprint.calling_off(pointless, _ended(focus, None), now)


def _follow(
    sprint: Sprint,
    journeys: Journeys,
    journey: CompiledJourney,
    enrolment: Enrolment,
    step: CompiledStep,
    said: str,
    now: Instant,
) -> Sprint:
    """Let a wait move with its resource; one that was not arrived at yet will look when it is."""
    waits = enrolment.held in ("", "staff") and enrolment.arrived is not None
    if step.moved is None or not waits:
        return sprint
    try:
        outcome = step.moved(Standing(sprint.record, enrolment, now))
    except AuthorFault as fault:
        return hold(sprint, enrolment, fault.reason, now)
    if outcome is None:
        return sprint
    if isinstance(outcome, Waits) and said:
        sprint = sprint.saying(line(now, said, enrolment))
    return settle(sprint, journeys, journey, enrolment, outcome, now)


def _over(focus: Fact, enrolment: Enrolment, journey: CompiledJourney | None) -> str:
    """Return why the focus ends the enrolment; one that is only expected must still be meant."""
    meant = journey.trigger.instant if journey is not None else None
    expected = enrolment.step == SCHEDULED and SCHEDULED not in enrolment.results
    if reason := _ended(focus, journey):
        return reason
    if meant is None or not expected or meant.of.describes(focus):
        return ""
    return f"{focus.reference} is {focus.status or 'another'} now"


def _own_doing(focus: Fact, step: str, journey: CompiledJourney | None) -> bool:
    """Say whether the patient has cancelled by this very journey, which has a word to say about it."""
    return journey is not None and focus.status == "cancelled" and step in journey.aftermath


def _ended(focus: Fact, journey: CompiledJourney | None) -> str:
    """Return why the focus ends the enrolment; a journey that begins with that very status goes on."""
    meant = journey.change if journey is not None else None
    if focus.gone:
        return "" if meant and meant.interaction == "deleted" else f"{focus.reference} was deleted"
    if focus.status not in ENDED_STATUSES or (meant is not None and focus.status in meant.status):
        return ""
    return f"{focus.reference} is {focus.status}"
