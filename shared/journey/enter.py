"""Let a patient into a journey, or not: re-entry rules, the enrolment's id, the first steps."""

from __future__ import annotations

from msgspec.structs import replace

from shared.fhir.instants import Instant
from shared.journey.compile import CompiledJourney
from shared.journey.run import step_onto
from shared.journey.sprint import Sprint, line
from shared.patient.lost import why_lost
from shared.patient.record import PatientRecord, identify
from shared.patient.state import Enrolment, JourneyHistory

MOST_FOCUSES = 100
"""Resources remembered per journey: enough for years of appointments, and small."""


def enter(
    sprint: Sprint, journey: CompiledJourney, *, focus: str, cause: str, why: str, now: Instant
) -> Sprint:
    """Enter a journey unless its re-entry rule, the same `cause` once before, or the person's end says no."""
    record = sprint.record
    history = record.history.get(journey.url)
    if why_lost(record.person) or not may_enter(record, journey, history, focus, cause):
        return sprint
    history = _noted(history, focus, cause, now)
    enrolment = Enrolment(
        enrolment_id=identify(record.key, journey.url, history.entries),
        journey=journey.canonical,
        status="active",
        step=journey.first,
        sequence=0,
        entered=now,
        focus=focus,
        reason=why,
    )
    entered = replace(record, history={**record.history, journey.url: history})
    said = replace(sprint, record=entered).saying(line(now, f"Entered {journey.title}: {why}", enrolment))
    return step_onto(said, journey, enrolment, journey.first, now)


def may_enter(
    record: PatientRecord, journey: CompiledJourney, history: JourneyHistory | None, focus: str, cause: str
) -> bool:
    """Say whether the re-entry rule allows it."""
    if history is None:
        return True
    if history.last_cause == cause or journey.re_entry == "never":
        return False
    if journey.re_entry == "per-focus":
        return focus not in history.focuses
    return not any(e.journey.startswith(f"{journey.url}|") for e in record.enrolments.values())


def _noted(history: JourneyHistory | None, focus: str, cause: str, now: Instant) -> JourneyHistory:
    before = history or JourneyHistory(0, now)
    focuses = (*before.focuses, focus) if focus and focus not in before.focuses else before.focuses
    return JourneyHistory(before.entries + 1, now, focus, cause, focuses[-MOST_FOCUSES:])
