"""Write a patient's answer into their appointment, with If-Match, and never into another one.

Carried out by shared.usecases.outside, as the appointment step of a journey asked for it.
"""

from __future__ import annotations

from shared.effects import AnswerAppointment
from shared.errors import Conflict, Rejected
from shared.fhir.answered import answered
from shared.fhir.references import parse_reference
from shared.usecases.services import Services

ATTEMPTS = 4
"""How often others may write to the appointment at the same moment before it is left for later."""


async def answer_appointment(services: Services, effect: AnswerAppointment) -> None:
    """Write the answer over the very version that was looked at; again changes nothing.

    Raises Rejected where it is not the appointment that was asked about any more, Conflict, Unavailable.
    https://hl7.org/fhir/R4/http.html#concurrency
    """
    key, _ = parse_reference(effect.appointment)
    for _ in range(ATTEMPTS):
        found = await services.fhir.read(key)
        wanted = answered(found.resource, effect.action, effect.patient, effect.start, services.zone)
        if wanted is None:
            return
        if not found.version:
            raise Rejected("the FHIR server gives its appointments no versions", "no-versions")
        try:
            await services.fhir.update(wanted, found.version)
        except Conflict:
            continue
        return
    raise Conflict("others keep writing to the appointment")
