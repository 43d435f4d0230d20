"""Unclear: a reply that no question was open for, or that answers none, goes to staff; it is never ignored.

Called by shared.deciding once consent has looked at a reply and no journey has heard it.
"""

from __future__ import annotations

from msgspec import Struct

from shared.events import InboundReceived
from shared.fhir.instants import DAY, Instant
from shared.message.contact import normalise
from shared.message.handled import Handled, ReplyIntent
from shared.message.policy import Policy
from shared.message.staff_task import Priority, question_task, received_communication
from shared.patient.record import PatientRecord, TimelineLine

SETTLED = frozenset({"stop", "start", "help", "who", "thanks"})
"""What a reply may mean that leaves nothing to do: consent has seen to it, or nothing is asked for."""


class _Concern(Struct, frozen=True):
    """What staff are told of a reply, how soon they should look, and what its sender is."""

    why: str
    priority: Priority = "routine"
    reply: str = "not-understood"


_CONCERNS = {
    "cancel": _Concern(
        "The patient wants to cancel an appointment. Nothing was cancelled, as no question was about one.",
        "urgent",
        "noted",
    ),
    "reschedule": _Concern(
        "The patient wants another time for an appointment: it answers no question about one.",
        "urgent",
        "noted",
    ),
    "wrong-person": _Concern("Whoever has this contact point says that it is not the patient's.", reply=""),
}
_OTHER = _Concern("The reply answers no question that was open, or says nothing that is understood.")


def hand_over(record: PatientRecord, inbound: InboundReceived, policy: Policy, now: Instant) -> Handled:
    """Give a reply to staff as a Task, with the reply itself, and tell its sender that it is with somebody.

    That it was not understood is told once a day: a machine at the other end would answer for ever.
    """
    if not policy.questions_to_staff or inbound.meaning in SETTLED:
        return Handled(record)
    concern = _CONCERNS.get(inbound.meaning, _OTHER)
    task = question_task(record, inbound, concern.why, now, concern.priority)
    line = TimelineLine(now, "inbound", f"Handed to staff: {concern.why}", (inbound.inbound_id,))
    reply = _reply(record, inbound, concern.reply, policy, now)
    received = received_communication(record, inbound, now)
    return Handled(record, (line,), effects=(received, task), replies=(reply,) if reply else ())


def _reply(
    record: PatientRecord, inbound: InboundReceived, kind: str, policy: Policy, now: Instant
) -> ReplyIntent | None:
    template = f"{policy.replies}{kind}"
    told = any(
        message.template.partition("|")[0] == template and message.created > now - DAY
        for message in record.messages.values()
    )
    if not kind or told or not inbound.answering:
        return None
    to = normalise(inbound.channel, inbound.sender, policy.region) or inbound.sender
    return ReplyIntent(kind, inbound.channel, to, inbound.inbound_id)
