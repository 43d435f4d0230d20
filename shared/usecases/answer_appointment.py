"""Write a patient's answer into their appointment, with If-Match, and never into another one."""

from __future__ import annotations

from shared.effects import AnswerAppointment
from shared.errors import Rejected
from shared.usecases.services import Services


async def answer_appointment(services: Services, effect: AnswerAppointment) -> None:
    """Write the answer. Raises Rejected, Conflict, Unavailable."""
    raise Rejected("answers cannot be written yet", "not-built")
