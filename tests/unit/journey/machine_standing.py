"""How an enrolment must stand between any two events: at one step, waiting for something that can come."""

from __future__ import annotations

from collections.abc import Iterator

from shared.errors import AuthorFault
from shared.fhir.instants import Instant
from shared.journey.compile import CompiledJourney
from shared.journey.gate import GATE, GRANTED
from shared.journey.happened import TimePassed
from shared.journey.index import Journeys
from shared.journey.schedule import SCHEDULED
from shared.journey.steps.base import CompiledStep, Standing
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment

_PASSED = TimePassed()


def stands_well(
    record: PatientRecord, enrolment: Enrolment, journeys: Journeys, now: Instant
) -> Iterator[str]:
    """Say what is wrong with an enrolment."""
    journey = journeys.get(enrolment.journey)
    if journey is None:
        yield "of a journey that nobody knows"
        return
    if enrolment.status not in ("active", "on-hold"):
        yield "over, and still in the record"
    if (enrolment.status == "on-hold") != bool(enrolment.held) or not enrolment.reason:
        yield "on hold by nobody, or for nothing"
    step = journey.steps.get(enrolment.step)
    if step is None:
        if enrolment.held != "fault":
            yield "at no step of its journey"
        return
    if enrolment.step != SCHEDULED:
        yield from _done(record, enrolment, journey, now)
    if enrolment.status == "active":
        yield from _waits(record, enrolment, step, now)


def _done(
    record: PatientRecord, enrolment: Enrolment, journey: CompiledJourney, now: Instant
) -> Iterator[str]:
    standing = Standing(record, enrolment, now)
    if why := journey.exits.why_done(standing, _PASSED):
        yield f"still inside, and {why}"
    if why := journey.exits.why_over(standing, _PASSED):
        yield f"still inside, though {why}"


def _waits(record: PatientRecord, enrolment: Enrolment, step: CompiledStep, now: Instant) -> Iterator[str]:
    standing = Standing(record, enrolment, now)
    if enrolment.arrived is None:
        yield "active where it has not arrived"
    if enrolment.due is None and step.kind != "gate" and step.moved is None:
        yield "waits for nothing that could come"
    if any("." in key and not key.startswith(f"{enrolment.step}.") for key in enrolment.results):
        yield "remembers what it was asked elsewhere"
    if step.kind == "gate" and enrolment.results.get(GATE) == GRANTED:
        yield "let in, and still at the gate"
    if step.kind not in ("wait", "wait_for", "survey", "gate", "scheduled"):
        yield "stands where nobody waits"
    if step.heard is not None and (outcome := step.heard(standing, _PASSED)):
        yield f"waits for what is so: {outcome}"
    if step.moved is not None:
        try:
            moved = step.moved(standing)
        except AuthorFault as fault:
            yield f"waits though {fault.reason}"
        else:
            if moved is not None and (enrolment.due is None or enrolment.due > now):
                yield f"has not followed what it hangs on: {moved}"
