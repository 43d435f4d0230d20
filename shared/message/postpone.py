"""Messages that cannot go out now: they wait, unclaimed, until somebody can look, or a switch is on again."""

from __future__ import annotations

from msgspec.structs import replace

from shared.events import SendPostponed
from shared.fhir.instants import HOUR, Instant
from shared.message.handled import Handled, said
from shared.message.switches import PUT_OFF, Switches, why_waiting
from shared.patient.messages import by, keep_message
from shared.patient.record import PatientRecord
from shared.patient.state import Message

LOOK_AGAIN = HOUR
"""How long a message waits that something switched off holds back; switched on again, it goes at once."""


def postpone(record: PatientRecord, event: SendPostponed, now: Instant) -> Handled:
    """Move the due instant of a message in preparation; nothing is said, as an outage may last."""
    message = record.messages.get(event.message_id)
    if message is None or message.status != "preparation":
        return Handled(record)
    later = replace(message, due=event.until, status_reason=event.reason)
    return Handled(keep_message(record, later), (), (later,))


def put_off(record: PatientRecord, message: Message, reason: str, now: Instant) -> Handled:
    """Let a message wait for a switch; said once, however often it is looked at."""
    return deferred(record, message, Instant(now + LOOK_AGAIN), reason, now)


def deferred(record: PatientRecord, message: Message, until: Instant, reason: str, now: Instant) -> Handled:
    """Let a message wait until an hour, or a count, allows it; said once for each reason."""
    later = replace(message, due=until, status_reason=reason)
    text = f"Waits to be sent by {by(message.channel)}: {reason}"
    lines = () if message.status_reason == reason else (said(message, now, text),)
    return Handled(keep_message(record, later), lines, (later,))


def released(record: PatientRecord, switches: Switches, now: Instant) -> Handled:
    """Make due at once what waited for something that is on again; the same record where nothing did.

    For those who are looked at after a publication, and those whom staff let go on.
    """
    freed = tuple(
        replace(message, due=now, status_reason="")
        for message in record.messages.values()
        if message.status == "preparation"
        and message.status_reason in PUT_OFF
        and not why_waiting(record, message, switches)
    )
    for message in freed:
        record = keep_message(record, message)
    return Handled(record, (), freed)
