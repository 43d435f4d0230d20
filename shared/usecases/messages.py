"""What staff do with messages: say what they found out of one whose outcome nobody knows.

And with contact points: say that one works which was taken not to. The timeline keeps who said so.
"""

from __future__ import annotations

from uuid import uuid4

from shared.errors import Rejected
from shared.events import Event, OutcomeSaid, PointUsable
from shared.patient.record import PatientRecord
from shared.patient.state import Message
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services


async def resolve(services: Services, key: str, said: OutcomeSaid) -> Message:
    """Settle a message whose outcome is not known; one that was settled so already stays as it is.

    Raises Rejected (unknown-message, settled-otherwise), Unavailable.
    """
    record = (await services.patients.load(key)).record
    held = record.messages.get(said.message_id)
    if held is not None and held.status == "unknown":
        await _react(services, key, said)
        return await services.patients.message(key, said.message_id) or held
    row = await services.patients.message(key, said.message_id)
    if row is None or not (row.calls and row.calls[-1].outcome == "unknown"):
        raise Rejected("the patient has no such message whose outcome is not known", "unknown-message")
    if row.status != ("completed" if said.sent else "not-done"):
        raise Rejected(f"it is known by now what became of it: it is {row.status}", "settled-otherwise")
    return row


async def use_again(services: Services, key: str, said: PointUsable) -> PatientRecord:
    """Let a contact point be used again. Raises Rejected where it is not marked, Unavailable."""
    record = (await services.patients.load(key)).record
    if not any((p.channel, p.address) == (said.channel, said.address) for p in record.unusable):
        raise Rejected("the patient has no such contact point that is taken not to work", "unknown-contact")
    return await _react(services, key, said)


async def _react(services: Services, key: str, event: Event) -> PatientRecord:
    return (await react(services, key, [event], Trigger(f"staff-{uuid4()}"))).after
