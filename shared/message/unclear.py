"""Unclear: a reply that no question was open for, or that answers none, goes to staff; it is never ignored.

Called by shared.deciding once consent has looked at a reply and no journey has heard it.
"""

from __future__ import annotations

from msgspec import Struct

from shared.events import InboundReceived
from shared.fhir.answered import OPEN
from shared.fhir.instants import DAY, Instant
from shared.message.contact import normalise
from shared.message.handled import Handled, ReplyIntent
from shared.message.policy import Policy
from shared.message.staff_task import Priority, question_task, received_communication
from shared.patient.engagement import told_lately
from shared.patient.record import PatientRecord, TimelineLine


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
    **dict.fromkeys(
        ("stop", "start", "help", "who"),
        _Concern("The reply says something else too, beside what was done about being written to.", reply=""),
    ),
}
ABOUT_A_VISIT = frozenset({"cancel", "reschedule"})
"""Meanings that only a question about an appointment is an occasion for."""
_OTHER = _Concern("The reply answers no question that was open, or says nothing that is understood.")


def hand_over(record: PatientRecord, inbound: InboundReceived, policy: Policy, now: Instant) -> Handled:
    """Give a reply to staff as a Task, with the reply itself, and tell its sender that it is with somebody.

    Not for what consent.settles, nor for what a journey has heard; mere thanks leave nothing to do. That it
    was not understood is told once a day: a machine at the other end would answer for ever.
    """
    silent = inbound.meaning == "thanks" or not inbound.answering
    if silent or not policy.questions_to_staff:
        return Handled(record)
    concern = _CONCERNS.get(inbound.meaning, _OTHER)
    visits = ahead(record, now) if inbound.meaning in ABOUT_A_VISIT else ()
    focus = visits[0] if len(visits) == 1 else ""
    task = question_task(record, inbound, concern.why, now, concern.priority, focus)
    line = TimelineLine(now, "inbound", f"Handed to staff: {concern.why}", (inbound.inbound_id,))
    reply = _reply(record, inbound, concern.reply, policy, now)
    received = received_communication(record, inbound, policy, now)
    return Handled(record, (line,), effects=(received, task), replies=(reply,) if reply else ())


def ahead(record: PatientRecord, now: Instant) -> tuple[str, ...]:
    """Return the appointments of a patient that can still be changed, for staff to look at."""
    return tuple(
        fact.reference
        for fact in record.facts.of("Appointment").values()
        if not fact.gone and fact.status in OPEN and fact.start is not None and fact.start > now
    )


def _reply(
    record: PatientRecord, inbound: InboundReceived, kind: str, policy: Policy, now: Instant
) -> ReplyIntent | None:
    template = f"{policy.replies}{kind}"
    if not kind or told_lately(record, template, Instant(now - DAY + 1)):
        return None
    to = normalise(inbound.channel, inbound.sender, policy.region) or inbound.sender
    return ReplyIntent(kind, inbound.channel, to, inbound.inbound_id)
