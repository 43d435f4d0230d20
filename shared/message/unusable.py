"""What a failure teaches about a contact point: that it does not work, or that nothing is wanted there.

Called by shared.message.delivery; shared.message.plan then passes such a contact point over, and what was
meant for it goes to the next one (shared.journey.replies).
"""

from __future__ import annotations

from msgspec.structs import replace

from shared.effects import MirrorOptOut
from shared.events import PointUsable
from shared.fhir.choice import Choice
from shared.fhir.instants import Instant
from shared.message.consents.choosing import settled
from shared.message.consents.merging import denied
from shared.message.failures import FAILURES, UNUSABLE
from shared.message.handled import Handled
from shared.message.policy import Policy
from shared.patient.messages import by, call_off
from shared.patient.permission.ask import covers, same_speaker
from shared.patient.record import PatientRecord, TimelineLine
from shared.patient.state import Message, Unusable

UNWANTED = {"opted-out": "provider", "complaint": "complaint"}
"""Failures that say that the person wants nothing more by this channel, and how we know."""


def learnt(told: Handled, message: Message, now: Instant, policy: Policy) -> Handled:
    """Add to what came of a failed message what it teaches; what is known already changes nothing."""
    if message.code in UNUSABLE:
        told = _marked(told, message, now)
    if message.code in UNWANTED:
        told = _unwanted(told, message, now, policy)
    return told


def work_again(record: PatientRecord, said_so: PointUsable, now: Instant) -> Handled:
    """Take the mark off a contact point, as staff have looked; one that has none stays as it is."""
    named = (said_so.channel, said_so.address)
    left = tuple(p for p in record.unusable if (p.channel, p.address) != named)
    if left == record.unusable:
        return Handled(record)
    text = f"A contact point for {by(said_so.channel)} works again, says {said_so.by}"
    return Handled(replace(record, unusable=left), (TimelineLine(now, "message", text),))


def _marked(told: Handled, message: Message, now: Instant) -> Handled:
    record = told.record
    if any((p.channel, p.address) == (message.channel, message.to) for p in record.unusable):
        return told
    point = Unusable(message.channel, message.to, message.code, now)
    record = replace(record, unusable=(*record.unusable, point))
    reason = f"nothing more is sent by {by(message.channel)} to a contact point: {FAILURES[message.code]}"
    return _without(told, record, message, reason, now)


def _unwanted(told: Handled, message: Message, now: Instant, policy: Policy) -> Handled:
    """Take in that nothing is wanted; it counts from when the message was sent: a START since then holds."""
    record = told.record
    opening = record.outbox.get(f"mirror|{message.to}")
    if isinstance(opening, MirrorOptOut) and opening.action == "remove":
        return told  # the provider has not heard yet of what was taken back
    since = message.first_sent or now
    no = Choice(message.channel, message.to, since, UNWANTED[message.code], party=message.party)
    if any(covers(known, no) and same_speaker(known, no) for known in record.opt_outs):
        return told  # they have said so themselves, and that is the better evidence
    said = settled(record, denied(record, no), now, policy)
    return Handled(
        said.record,
        (*told.timeline, *said.timeline),
        (*told.messages, *said.messages),
        (*told.effects, *said.effects),
        (*told.replies, *said.replies),
    )


def _without(told: Handled, record: PatientRecord, message: Message, reason: str, now: Instant) -> Handled:
    """Call off what else was to go there."""
    record, ended, lines = call_off(
        record, lambda m: (m.channel, m.to) == (message.channel, message.to), reason, now
    )
    line = TimelineLine(now, "message", reason[0].upper() + reason[1:], (message.message_id,))
    return replace(
        told,
        record=record,
        timeline=(*told.timeline, line, *lines),
        messages=(*told.messages, *ended),
    )
