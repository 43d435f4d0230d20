"""What staff ask for with one patient's enrolments: see them, pause, resume, stop, retry, move, or enter one.

Each says who and why; the timeline keeps both. What makes no sense is said before anything is decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from msgspec import Struct

from shared.errors import Rejected
from shared.events import EnrolAsked, EnrolmentAsked, Event
from shared.fhir.references import parse_reference
from shared.journey.compile import CompiledJourney
from shared.patient.record import PatientRecord, TimelineLine, patient_key
from shared.patient.state import Enrolment
from shared.ports import Stored
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services


class Done(Struct, frozen=True):
    """What came of it: how the enrolment stands now (None once it is over), and what the timeline says."""

    enrolment: Enrolment | None
    lines: tuple[TimelineLine, ...]


async def look_up(services: Services, patient: str) -> PatientRecord:
    """Return the record of a patient ("1" or "Patient/1"). Raises Rejected (unknown-patient), Unavailable."""
    return (await _load(services, patient)).record


async def ask(services: Services, patient: str, asked: EnrolmentAsked) -> Done:
    """Do something with an enrolment, which may be named by the beginning of its id.

    Raises Rejected where there is none, or it stands so that this makes no sense; Unavailable.
    """
    stored = await _load(services, patient)
    enrolment = _find(stored.record, asked.enrolment_id)
    catalogue = await services.definitions.current(stored.record.catalogue)
    _check(asked, enrolment, catalogue.journeys.get(enrolment.journey))
    whole = EnrolmentAsked(enrolment.enrolment_id, asked.action, asked.by, asked.reason, asked.step)
    after, lines = await _react(services, stored, whole)
    return Done(after.enrolments.get(enrolment.enrolment_id), lines)


async def enter(services: Services, patient: str, asked: EnrolAsked) -> Done:
    """Bring a patient into a journey, as its rules allow: where they do not, nothing or a line comes of it.

    Raises Rejected (no such patient or journey, a focus that is none of the patient's), Unavailable.
    """
    stored = await _load(services, patient)
    catalogue = await services.definitions.current(stored.record.catalogue)
    journey = catalogue.journeys.latest(asked.journey)
    if journey is None:
        raise Rejected("no journey of this url is published", "unknown-journey")
    if asked.focus:
        _check_focus(stored.record, asked.focus)
    after, lines = await _react(services, stored, asked)
    fresh = [e for key, e in after.enrolments.items() if key not in stored.record.enrolments]
    ours = (each for each in fresh if each.journey == journey.canonical)
    return Done(next(ours, None), lines)


async def _load(services: Services, patient: str) -> Stored:
    key, _ = parse_reference(patient if "/" in patient else f"Patient/{patient}")
    stored = await services.patients.load(patient_key(key.resource_id), key.resource_id)
    if key.resource_type != "Patient" or not stored.etag:
        raise Rejected("there is no such patient here", "unknown-patient")
    return stored


async def _react(
    services: Services, stored: Stored, event: Event
) -> tuple[PatientRecord, tuple[TimelineLine, ...]]:
    """Let it happen; the record afterwards, and the lines that it brought."""
    key = stored.record.key
    before = len(await services.patients.timeline(key))
    reaction = await react(services, key, [event], Trigger(f"staff-{uuid4()}"), held=stored)
    return reaction.after, (await services.patients.timeline(key))[before:]


def _find(record: PatientRecord, beginning: str) -> Enrolment:
    found = [e for key, e in record.enrolments.items() if beginning and key.startswith(beginning)]
    if len(found) != 1:
        told = "more than one enrolment begins" if found else "the patient has no enrolment that begins"
        raise Rejected(f"{told} with this id", "unknown-enrolment")
    return found[0]


_FITS: Mapping[str, tuple[frozenset[str], str]] = {
    "pause": (frozenset({"", "paused"}), "it is on hold already"),
    "resume": (frozenset({"staff"}), "staff have not paused it"),
    "retry": (frozenset({"fault"}), "nothing has failed in it"),
}
"""For which `held` an action makes sense, and what to say for others."""


def _check(asked: EnrolmentAsked, enrolment: Enrolment, journey: CompiledJourney | None) -> None:
    if not (asked.by.strip() and asked.reason.strip()):
        raise Rejected("somebody must do it, for a reason", "no-reason")
    if journey is None and asked.action != "stop":
        raise Rejected("the version of its journey is not published: it can only be stopped", "no-journey")
    fits, otherwise = _FITS.get(asked.action, (frozenset({enrolment.held}), ""))
    if enrolment.held not in fits:
        whole = "; its whole journey is paused" if enrolment.held == "paused" else ""
        raise Rejected(f"{otherwise}{whole}", "not-now")
    if asked.action == "move" and journey is not None:
        own = [step for step in journey.steps if not step.startswith("@")]
        if asked.step not in own:
            raise Rejected(f"its journey has no such step, only {', '.join(own)}", "unknown-step")


def _check_focus(record: PatientRecord, focus: str) -> None:
    parse_reference(focus)
    held = record.facts.get(focus)
    if held is None or held.gone:
        raise Rejected("the focus is no resource that is known of the patient", "unknown-focus")
