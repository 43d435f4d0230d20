"""Answered: an Appointment as it is once the patient's answer stands in it, or why it takes no answer.

https://hl7.org/fhir/R4/appointment.html; carried out by shared.usecases.answer_appointment.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Literal

from shared.errors import Rejected
from shared.fhir.instants import Instant
from shared.fhir.projections.timing import instant
from shared.fhir.references import parse_reference

type Json = Mapping[str, object]
type Action = Literal["confirm", "cancel", "reschedule"]

OPEN = frozenset({"proposed", "pending", "booked"})
"""Statuses in which a patient's answer changes something (https://hl7.org/fhir/R4/valueset-appointmentstatus.html)."""

_PARTICIPATION: Mapping[Action, str] = {
    "confirm": "accepted",
    "cancel": "declined",
    "reschedule": "tentative",
}
"""https://hl7.org/fhir/R4/valueset-participationstatus.html"""

BY_THE_PATIENT = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason",
            "code": "pat",
            "display": "Patient",
        }
    ]
}
"""https://terminology.hl7.org/CodeSystem-appointment-cancellation-reason.html"""


def answered(
    resource: Json | None, action: Action, patient: str, start: Instant, zone: tzinfo
) -> dict[str, object] | None:
    """Return the appointment to write, or None where all is as wished already.

    `patient` is "Patient/1", `start` when it was to begin as they were asked. Raises Rejected where it is no
    longer that appointment; the reasons hold no patient data.
    """
    if resource is None:
        raise Rejected("the appointment is no longer on the FHIR server", "appointment-gone")
    participants = _participants(resource)
    mine = [n for n, each in enumerate(participants) if _is(each, patient)]
    if not mine:
        raise Rejected("the patient no longer takes part in the appointment", "not-a-participant")
    if instant(resource.get("start"), zone) != start:
        raise Rejected("the appointment has moved since the question was asked", "appointment-moved")
    status = resource.get("status")
    if action == "cancel" and status == "cancelled":
        return None
    if status not in OPEN:
        raise Rejected(
            f"the appointment is {status if isinstance(status, str) else 'of no status'}", "appointment-over"
        )
    wanted = _PARTICIPATION[action]
    if action != "cancel" and all(participants[n].get("status") == wanted for n in mine):
        return None
    after = [{**each, "status": wanted} if n in mine else each for n, each in enumerate(participants)]
    ending = {"status": "cancelled", "cancelationReason": BY_THE_PATIENT} if action == "cancel" else {}
    return {**resource, "participant": after, **ending}


def _participants(resource: Json) -> list[Json]:
    found = resource.get("participant")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _is(participant: Json, patient: str) -> bool:
    actor = participant.get("actor")
    text = actor.get("reference") if isinstance(actor, dict) else None
    if not isinstance(text, str):
        return False
    try:
        key, _ = parse_reference(text)
    except Rejected:
        return False
    return str(key) == patient
