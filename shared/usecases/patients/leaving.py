"""What staff do for a patient who should be left alone: leave every journey, or get nothing any more."""

from __future__ import annotations

from shared.events import ConsentChosen, EnrolmentAsked
from shared.fhir.choice import ANY, Choice
from shared.patient.record import PatientRecord
from shared.ports import Stored
from shared.usecases.merge import carry_over
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services


async def leave_all(services: Services, stored: Stored, by: str, reason: str, intent: str) -> list[str]:
    """Stop every enrolment that is not over, in one decision; their ids. Raises Unavailable."""
    going = sorted(stored.record.enrolments)
    if going:
        asked = [EnrolmentAsked(each, "stop", by, reason) for each in going]
        await react(services, stored.record.key, asked, Trigger(f"staff-{intent}"), held=stored)
    return going


async def suppress(services: Services, stored: Stored, by: str, reason: str, intent: str) -> PatientRecord:
    """Write down a no to everything, by every way, as staff were told it; messages still waiting end.

    Raises Unavailable.
    """
    now = services.clock.now()
    no = Choice(ANY, "", now, "staff", wording=f"told to {by}: {reason}")
    event = ConsentChosen(f"staff-{intent}", (), (no,))
    trigger = Trigger(event.chosen_id)
    after = (await react(services, stored.record.key, [event], trigger, held=stored)).after
    await carry_over(services, after, trigger)
    return after
