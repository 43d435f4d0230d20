"""The guard: right before each send, look again at all that matters; claim the message or say why not."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from shared.effects import SendMessage
from shared.errors import AuthorFault
from shared.events import SendDue
from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.message.consent import why_forbidden
from shared.message.contact import addresses
from shared.message.fields import Scene
from shared.message.handled import Handled, ended, faulty
from shared.message.index import Templates
from shared.message.policy import Policy
from shared.message.postpone import put_off
from shared.message.render import CompiledTemplate, Rendered, render_message
from shared.message.switches import ON, Switches, why_stopped, why_waiting
from shared.patient.lost import ENDED_STATUSES, why_lost
from shared.patient.messages import keep_message
from shared.patient.record import PatientRecord, TimelineLine
from shared.patient.state import Message


class Claimed(Struct, frozen=True):
    """The record after the guard; `effect` is what to hand to the channel, None where nothing is."""

    record: PatientRecord
    effect: SendMessage | None = None
    timeline: tuple[TimelineLine, ...] = ()
    message: Message | None = None
    """The message whose row must be written: claimed, not-done or put off; None where nothing changed."""


def claim(
    record: PatientRecord,
    due: SendDue,
    templates: Templates,
    policy: Policy,
    now: Instant,
    switches: Switches = ON,
) -> Claimed:
    """Claim a message that is in preparation and due, or end it with the reason.

    What something switched off holds back waits. A message that is not there, not due yet or claimed already
    changes nothing.
    """
    message = record.messages.get(due.message_id)
    if message is None or message.status != "preparation" or message.due > now:
        return Claimed(record)
    template = templates.get(message.template)
    if template is None:
        return _unsent(faulty(record, message, f"there is no template {message.template}", now))
    if reason := why_not(record, message, template, policy, now) or why_stopped(message, switches):
        return _unsent(ended(record, message, reason, now))
    if reason := why_waiting(record, message, switches):
        return _unsent(put_off(record, message, reason, now))
    focus = record.facts.get(message.focus)
    scene = Scene(record, focus, message.journey, message.language, policy, values=message.values)
    try:
        rendered = render_message(template, message.channel, scene)
    except AuthorFault as fault:
        return _unsent(faulty(record, message, fault.reason, now))
    return _claimed(record, message, rendered, due.trigger, now)


def why_not(
    record: PatientRecord, message: Message, template: CompiledTemplate, policy: Policy, now: Instant
) -> str:
    """Return why the message must not be sent now, or ""."""
    return (
        why_lost(record.person)
        or why_forbidden(record, message.channel, now)
        or _wrong_address(record, message, policy, now)
        or _pointless(record.facts.get(message.focus), template, now)
        or _revoked(record, message)
    )


def _wrong_address(record: PatientRecord, message: Message, policy: Policy, now: Instant) -> str:
    person = record.person
    if person is None:
        return "the patient's own record is not known"
    known = addresses(person, message.channel, now, policy.region)
    return "" if message.to in known else "the contact point is no longer the patient's"


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


def _claimed(
    record: PatientRecord, message: Message, rendered: Rendered, trigger: str, now: Instant
) -> Claimed:
    claimed = replace(
        message,
        status="in-progress",
        claimed_by=trigger,
        claimed_at=now,
        first_sent=message.first_sent or now,
        attempts=message.attempts + 1,
        text=rendered.text,
        subject=rendered.subject,
        status_reason="",
    )
    effect = SendMessage(
        message_id=claimed.message_id,
        channel=claimed.channel,
        to=claimed.to,
        text=rendered.text,
        subject=rendered.subject,
        html=rendered.html,
        language=claimed.language,
        first_sent=claimed.first_sent or now,
    )
    return Claimed(keep_message(record, claimed), effect, (), claimed)


def _unsent(result: Handled) -> Claimed:
    return Claimed(result.record, None, result.timeline, result.messages[0])
