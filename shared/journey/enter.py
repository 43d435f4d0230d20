"""Let a patient into a journey, or not: re-entry rules, audience, the enrolment's id, the first steps."""

from __future__ import annotations

from datetime import UTC

from msgspec.structs import replace

from shared.fhir.calendar import add
from shared.fhir.instants import Instant, iso
from shared.journey.compile import CompiledJourney
from shared.journey.due import added, local
from shared.journey.gate import GATE, GRANTED
from shared.journey.happened import TimePassed
from shared.journey.index import Journeys
from shared.journey.run import step_onto
from shared.journey.schedule import NEXT_TIME, SCHEDULED
from shared.journey.sprint import Entry, Sprint, end, line
from shared.journey.steps.base import Standing
from shared.patient.lost import why_lost
from shared.patient.record import PatientRecord, identify
from shared.patient.state import Enrolment, JourneyHistory

MOST_FOCUSES = 100
"""Resources remembered per journey: enough for years of appointments, and small."""

MOST_CAUSES = 10
"""Earlier causes remembered per journey: what a queue repeats, or a new version finds again."""

_PASSED = TimePassed()


def enter(sprint: Sprint, journeys: Journeys, journey: CompiledJourney, entry: Entry, now: Instant) -> Sprint:
    """Enter a journey, or have it begin later, unless something says no: then a line says what.

    The same `cause` twice, a re-entry rule, or the end of the person says so silently: it is no news.
    """
    record = sprint.record
    history = record.history.get(journey.url)
    if why_lost(record.person) or journeys.stopped(journey.url):
        return sprint
    if not may_enter(record, journey, history, entry, now):
        return sprint
    history = _noted(history, entry, now)
    enrolment = _enrolment(record, journey, history, entry, now)
    noted = sprint.remembering(journey.url, history)
    if journey.schedule is not None or SCHEDULED in entry.results:
        return _expect(sprint, noted, journeys, journey, enrolment, now)
    if reason := _why_not(journey, Standing(record, enrolment, now)):
        said = line(now, f"Not entered {journey.title}: {reason}", enrolment)
        return _once_more(sprint.saying(said), journeys, journey, now)
    return _begun(noted, journeys, journey, enrolment, now)


def _expect(
    sprint: Sprint,
    noted: Sprint,
    journeys: Journeys,
    journey: CompiledJourney,
    enrolment: Enrolment,
    now: Instant,
) -> Sprint:
    """Keep somebody in mind who is to begin later; too late already is nobody's news."""
    standing = Standing(noted.record, enrolment, now)
    asked = SCHEDULED in enrolment.results
    if not asked and journey.schedule is not None and journey.schedule.over(standing, UTC):
        return sprint
    return step_onto(noted, journeys, journey, enrolment, SCHEDULED, now)


def begin(
    sprint: Sprint, journeys: Journeys, journey: CompiledJourney, enrolment: Enrolment, now: Instant
) -> Sprint:
    """Let in somebody whose instant has come, if the audience still has them; have the next time expected."""
    standing = Standing(sprint.record, enrolment, now)
    if reason := _why_not(journey, standing) or _twice(journey, standing):
        sprint = end(sprint, enrolment, "revoked", f"Not entered {journey.title}: {reason}", now)
        sprint = _once_more(sprint, journeys, journey, now)
    else:
        enrolment = replace(enrolment, entered=now)
        sprint = _begun(sprint, journeys, journey, enrolment, now)
    return _again(sprint, journeys, journey, now) if journey.trigger.date is not None else sprint


def begin_at(
    sprint: Sprint,
    journeys: Journeys,
    journey: CompiledJourney,
    enrolment: Enrolment,
    step: str,
    now: Instant,
) -> Sprint:
    """Let in at a step, now, somebody who was only expected or waited to be let in: staff say so."""
    sprint, inside = _in(sprint, journey, enrolment, now)
    sprint = step_onto(sprint, journeys, journey, inside, step, now)
    return (
        _again(sprint, journeys, journey, now) if journey.repeats and enrolment.step == SCHEDULED else sprint
    )


def _begun(
    sprint: Sprint, journeys: Journeys, journey: CompiledJourney, enrolment: Enrolment, now: Instant
) -> Sprint:
    if journey.first == GATE:
        enrolment = replace(enrolment, ends=journey.exits.until)
    else:
        sprint, enrolment = _in(sprint, journey, enrolment, now)
    sprint = step_onto(sprint, journeys, journey, enrolment, journey.first, now)
    return _again(sprint, journeys, journey, now) if journey.every is not None else sprint


def _in(
    sprint: Sprint, journey: CompiledJourney, enrolment: Enrolment, now: Instant
) -> tuple[Sprint, Enrolment]:
    """Say that somebody is in, from now on."""
    if (history := sprint.record.history.get(journey.url)) is not None:
        sprint = sprint.remembering(journey.url, replace(history, last_entered=now))
    inside = replace(enrolment, entered=now, ends=journey.exits.ends(now))
    return sprint.saying(line(now, f"Entered {journey.title}: {inside.reason}", inside)), inside


def _once_more(sprint: Sprint, journeys: Journeys, journey: CompiledJourney, now: Instant) -> Sprint:
    """Expect a member of the segment once more who could not enter this time, where it takes them again."""
    stays = journey.every is not None and sprint.record.is_member(journey.segment)
    return _again(sprint, journeys, journey, now) if stays else sprint


def _again(sprint: Sprint, journeys: Journeys, journey: CompiledJourney, now: Instant) -> Sprint:
    """Expect the patient again: next year, or so long after now while they are in the segment."""
    if journey.every is None:
        entry = Entry(f"{NEXT_TIME}{now}", "its day of the year")
    else:
        due = added(now, journey.every, journey.zone)
        entry = Entry(f"{journey.segment}@until {due}", "still in the segment", results={SCHEDULED: iso(due)})
    return enter(sprint, journeys, journey, entry, now)


def _why_not(journey: CompiledJourney, standing: Standing) -> str:
    """Return why somebody cannot begin now: not meant, or done or over before it begins."""
    if reason := journey.admission.why_not(standing.record, standing.now):
        return reason
    if _has_left(journey, standing):
        return "no longer in its segment"
    if journey.exits.until is not None and journey.exits.until <= standing.now:
        return f"it is over, as of {local(journey.exits.until, journey.zone)}"
    return journey.exits.why_done(standing, _PASSED) or journey.exits.why_over(standing, _PASSED)


def _has_left(journey: CompiledJourney, standing: Standing) -> bool:
    """Say whether somebody whom a segment brought in has left it while they waited."""
    brought = bool(journey.segment) and standing.enrolment.cause.startswith(f"{journey.segment}@")
    return brought and not standing.record.is_member(journey.segment)


def _twice(journey: CompiledJourney, standing: Standing) -> str:
    if journey.every is None:
        return ""
    inside = any(e.step != SCHEDULED for e in _passages(standing.record, journey))
    return "still in it since the last time" if inside else ""


def may_enter(
    record: PatientRecord,
    journey: CompiledJourney,
    history: JourneyHistory | None,
    entry: Entry,
    now: Instant,
) -> bool:
    """Say whether the re-entry rule allows it."""
    if history is None:
        return True
    if history.entered_for(entry.cause):
        return False
    if journey.repeats:
        expected = SCHEDULED in entry.results or journey.trigger.date is not None
        return not any(e.step == SCHEDULED or not expected for e in _passages(record, journey))
    if history.entries == history.forgotten:
        return True
    match journey.admission.re_entry:
        case "never":
            return False
        case "per-focus":
            return entry.focus not in history.focuses
        case "after-exit":
            return not _passages(record, journey)
        case "after-a-while":
            again = add(history.last_entered, journey.admission.pause, journey.zone)
            return not _passages(record, journey) and now >= again


def _passages(record: PatientRecord, journey: CompiledJourney) -> list[Enrolment]:
    return [e for e in record.enrolments.values() if e.journey_url == journey.url]


def _enrolment(
    record: PatientRecord, journey: CompiledJourney, history: JourneyHistory, entry: Entry, now: Instant
) -> Enrolment:
    return Enrolment(
        enrolment_id=identify(record.key, journey.url, history.entries),
        journey=journey.canonical,
        status="active",
        step=journey.first,
        sequence=0,
        entered=now,
        focus=entry.focus,
        reason=entry.why,
        results=entry.results,
        cause=entry.cause,
    )


def _noted(history: JourneyHistory | None, entry: Entry, now: Instant) -> JourneyHistory:
    before = history or JourneyHistory(0, now)
    focus = entry.focus
    focuses = (*before.focuses, focus) if focus and focus not in before.focuses else before.focuses
    causes = tuple(filter(None, (*before.causes, before.last_cause)))
    return replace(
        before,
        entries=before.entries + 1,
        last_focus=focus,
        last_cause=entry.cause,
        focuses=focuses[-MOST_FOCUSES:],
        causes=causes[-MOST_CAUSES:],
    )


def grant(
    sprint: Sprint, journeys: Journeys, journey: CompiledJourney, enrolment: Enrolment, now: Instant
) -> Sprint:
    """Let in somebody who waited at the gate, if there is still a reason to."""
    if reason := _why_not(journey, Standing(sprint.record, enrolment, now)):
        return end(sprint, enrolment, "revoked", f"Not let into {journey.title}: {reason}", now)
    let_in = replace(enrolment, results={**enrolment.results, GATE: GRANTED})
    sprint, let_in = _in(sprint, journey, let_in, now)
    return step_onto(sprint, journeys, journey, let_in, GATE, now)
