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
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment
from shared.ports import Stored
from shared.usecases.known import known
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services


class Came(Struct, frozen=True):
    """What came of bringing somebody in."""

    entered: bool
    """They are in, or were: also where it was asked for before."""
    enrolment: Enrolment | None
    """None where it is over already."""


async def held(services: Services, key: str) -> PatientRecord:
    """Return the record of a patient by key. Raises Rejected (unknown-patient), Unavailable."""
    return (await known(services, key)).record


async def ask(services: Services, key: str, asked: EnrolmentAsked) -> Enrolment | None:
    """Do something with an enrolment of the patient of a key; how it stands then, None once it is over.

    What was asked for under one `asked_id` before is not done again, whatever came of it since. Raises
    Rejected where there is no such enrolment, or it stands so that this makes no sense; Unavailable.
    """
    stored = await known(services, key)
    if asked.asked_id and asked.asked_id in stored.record.replies:
        return stored.record.enrolments.get(asked.enrolment_id)
    enrolment = enrolment_of(stored.record, asked.enrolment_id)
    catalogue = await services.definitions.current(stored.record.catalogue)
    _check(asked, enrolment, catalogue.journeys.get(enrolment.journey))
    after = await _react(services, stored, asked)
    return after.enrolments.get(enrolment.enrolment_id)


async def enter(services: Services, key: str, asked: EnrolAsked) -> Came:
    """Bring the patient of a key into a journey, as its rules allow.

    Raises Rejected (no such patient or journey, a focus that is none of the patient's), Unavailable.
    """
    stored = await known(services, key)
    catalogue = await services.definitions.current(stored.record.catalogue)
    journey = catalogue.journeys.latest(asked.journey)
    if journey is None:
        raise Rejected("no journey of this url is published", "unknown-journey")
    if asked.focus:
        _check_focus(stored.record, asked.focus)
    after = await _react(services, stored, asked)
    history = after.history.get(asked.journey)
    ours = (each for each in after.enrolments.values() if each.cause == asked.cause)
    mine = next((each for each in ours if each.journey_url == asked.journey), None)
    entered = mine is not None or (history is not None and history.entered_for(asked.cause))
    return Came(entered, mine)


async def _react(services: Services, stored: Stored, event: Event) -> PatientRecord:
    trigger = Trigger(f"staff-{uuid4()}")
    return (await react(services, stored.record.key, [event], trigger, held=stored)).after


def enrolment_of(record: PatientRecord, enrolment_id: str) -> Enrolment:
    """Return an enrolment that goes on. Raises Rejected (unknown-enrolment)."""
    found = record.enrolments.get(enrolment_id)
    if found is None:
        raise Rejected("the patient has no such enrolment that goes on", "unknown-enrolment")
    return found


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
