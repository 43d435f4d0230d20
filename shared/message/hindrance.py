"""Hindrances: all that can keep a message back right before it is sent, and in which order they count.

Asked by shared.message.guard of each claim; what passes is waited for, what does not ends the message.
"""

from __future__ import annotations

from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.message.answering import IN_SPITE_OF_STOP, is_answer
from shared.message.consent import why_forbidden
from shared.message.contact import addresses
from shared.message.handled import Handled, ended
from shared.message.policy import Policy
from shared.message.postpone import deferred, put_off
from shared.message.recipient import recipient, why_not_them
from shared.message.render import CompiledTemplate, why_not_renderable
from shared.message.switches import Switches, why_stopped, why_waiting
from shared.message.timing.verdict import Goes, Later, Never, timing
from shared.patient.lost import ENDED_STATUSES, why_lost
from shared.patient.record import PatientRecord
from shared.patient.state import Message


def hindered(
    record: PatientRecord,
    message: Message,
    template: CompiledTemplate,
    policy: Policy,
    now: Instant,
    switches: Switches,
) -> Handled | str:
    """End a message that must not go, put off one that must not go now; of one that may go what to note."""
    if reason := why_not(record, message, template, policy, now) or why_stopped(message, switches):
        return ended(record, message, reason, now)
    if reason := why_waiting(record, message, switches):
        return put_off(record, message, reason, now)
    if message.answers and message.expires is not None and message.expires <= now:
        return ended(record, message, "too late: it answers something said too long ago", now)
    focus = record.facts.get(message.focus)
    latest = focus.start if focus is not None and template.expires == "focus.start" else None
    match timing(record, message, policy, now, urgent=template.urgent, latest=latest):
        case Later(until=until, reason=reason):
            return deferred(record, message, until, reason, now)
        case Never(reason=reason):
            return ended(record, message, reason, now)
        case Goes(note=note):
            return note


def why_not(
    record: PatientRecord, message: Message, template: CompiledTemplate, policy: Policy, now: Instant
) -> str:
    """Return why the message must not be sent at all, or ""."""
    return (
        why_lost(record.person)
        or why_not_them(record, message.party, policy, now)
        or _unwanted(record, message, policy, now)
        or _wrong_address(record, message, policy, now)
        or _pointless(record.facts.get(message.focus), template, now)
        or _revoked(record, message)
        or why_not_renderable(template, message.channel, record, now)
    )


def _unwanted(record: PatientRecord, message: Message, policy: Policy, now: Instant) -> str:
    if is_answer(message) and message.step in IN_SPITE_OF_STOP:
        return ""
    return why_forbidden(
        record,
        message.channel,
        now,
        purpose=message.purpose,
        topic=message.topic,
        address=message.to,
        party=message.party,
        policy=policy,
    )


def _wrong_address(record: PatientRecord, message: Message, policy: Policy, now: Instant) -> str:
    if is_answer(message):  # whoever wrote from there gets the answer there
        return ""
    person = recipient(record, message.party)
    if person is None:
        return "the patient's own record is not known"
    if any((point.channel, point.address) == (message.channel, message.to) for point in record.unusable):
        return "the contact point does not work"
    known = addresses(person, message.channel, now, policy.region)
    return "" if message.to in known else f"the contact point is no longer {_whose(message)}"


def _whose(message: Message) -> str:
    return f"that of {message.party}" if message.party else "the patient's"


def _pointless(focus: Fact | None, template: CompiledTemplate, now: Instant) -> str:
    if focus is None:
        return ""
    if focus.gone and "gone" not in template.even_if:
        return f"{focus.reference} was deleted"
    if focus.status in ENDED_STATUSES - template.even_if:
        return f"{focus.reference} is {focus.status}"
    late = template.expires == "focus.start" and focus.start is not None and focus.start <= now
    return f"too late: {focus.reference} has started" if late else ""


def _revoked(record: PatientRecord, message: Message) -> str:
    enrolment = record.enrolments.get(message.enrolment_id)
    return enrolment.reason if enrolment is not None and enrolment.status == "revoked" else ""
