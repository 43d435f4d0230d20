"""What staff do with messages: see those whose outcome nobody knows, and say what they found out.

And with contact points: say that one works which was taken not to. The timeline keeps who said so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

from shared.errors import Rejected
from shared.events import Event, OutcomeSaid, PointUsable
from shared.patient.record import PatientRecord, patient_key
from shared.patient.state import Message
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services


def unknown(services: Services) -> AsyncIterator[tuple[str, Message]]:
    """Walk the messages that may have been sent, with their patient's key: a scan."""
    return services.patients.messages_in("unknown")


async def resolve(services: Services, key: str, said: OutcomeSaid) -> Message:
    """Settle a message whose outcome is not known. Raises Rejected where there is none, Unavailable."""
    record = (await services.patients.load(key)).record
    held = record.messages.get(said.message_id)
    if held is None or held.status != "unknown":
        raise Rejected("the patient has no such message whose outcome is not known", "unknown-message")
    await _react(services, key, said)
    row = await services.patients.message(key, said.message_id)
    return row or held


async def use_again(services: Services, patient: str, said: PointUsable) -> PatientRecord:
    """Let a contact point be used again. Raises Rejected where it is not marked, Unavailable."""
    key = patient_key(patient.removeprefix("Patient/"))
    record = (await services.patients.load(key)).record
    if not any((p.channel, p.address) == (said.channel, said.address) for p in record.unusable):
        raise Rejected("the patient has no such contact point that is taken not to work", "unknown-contact")
    return await _react(services, key, said)


async def _react(services: Services, key: str, event: Event) -> PatientRecord:
    return (await react(services, key, [event], Trigger(f"staff-{uuid4()}"))).after
