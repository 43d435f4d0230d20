"""Make telemetry of what was decided and committed: metrics by kind, and the end of a message's trace.

Called by shared.usecases.react once a commit is through, so that what is decided twice is counted once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from shared.effects import IndexEnrolment
from shared.events import DeliveryReported, Event, InboundReceived
from shared.patient.record import Decision, PatientRecord
from shared.patient.state import Message
from shared.telemetry import count, is_on, span


def tell_commit(before: PatientRecord, events: Sequence[Event], decision: Decision) -> None:
    """Count what a commit changed."""
    if not is_on():
        return
    count("hearthline.commits")
    _tell_journeys(before, decision.record)
    _tell_messages(before.messages, decision.messages)
    for no in set(decision.record.opt_outs) - set(before.opt_outs):
        count("hearthline.opt_outs", channel=no.channel, source=no.source or "other")
    for event in events:
        if isinstance(event, InboundReceived):
            count("hearthline.replies", channel=event.channel, meaning=event.meaning or "other")


def tell_reports(messages: Iterable[Message], events: Iterable[Event], since: float) -> None:
    """Let the traces in which messages were sent end with what became of them; `since` in seconds since 1970.

    A report comes by a request of its own: its span is part of the message's trace, and linked to that.
    """
    if not is_on():
        return
    changed = {message.message_id: message for message in messages}
    for event in events:
        message = changed.get(event.message_id) if isinstance(event, DeliveryReported) else None
        if message is None or not isinstance(event, DeliveryReported):
            continue
        count("hearthline.reports", channel=message.channel, status=event.status)
        with span("delivery report", message.trace, since=since, channel=message.channel) as reported:
            reported.note(status=event.status, code=event.code)


def _tell_journeys(before: PatientRecord, after: PatientRecord) -> None:
    if after.memberships is not before.memberships:
        was, now = _segments(before), _segments(after)
        for change, number in (("entered", len(now - was)), ("left", len(was - now))):
            if number:
                count("hearthline.memberships", number, change=change)
    for name, effect in after.outbox.items():
        if isinstance(effect, IndexEnrolment) and before.outbox.get(name) != effect:
            held = before.enrolments.get(effect.enrolment_id)
            if held is None or held.status != effect.status:
                journey = effect.journey.partition("|")[0]
                count("hearthline.enrolments", journey=journey, status=effect.status)


def _segments(record: PatientRecord) -> set[str]:
    return {url for url, held in record.memberships.items() if held.member}


def _tell_messages(before: Mapping[str, Message], changed: Iterable[Message]) -> None:
    for message in changed:
        held = before.get(message.message_id)
        if held is None or held.status != message.status:
            status, code = message.status, message.code
            count("hearthline.messages", channel=message.channel, status=status, code=code)
