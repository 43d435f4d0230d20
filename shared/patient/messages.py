"""Messages in a record: put one back changed, or call it off; the two moves journeys and messages share."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord, TimelineLine
from shared.patient.state import Message

CHANNEL_WORDS = {
    "sms": "SMS",
    "email": "email",
    "whatsapp": "WhatsApp",
    "letter": "letter",
    "push": "push notification",
}
"""Channels as staff read them."""


def by(channel: str) -> str:
    """Return a channel as staff read it."""
    return CHANNEL_WORDS.get(channel, channel)


def keep_message(record: PatientRecord, message: Message) -> PatientRecord:
    """Return the record with this message added or replaced."""
    return replace(record, messages={**record.messages, message.message_id: message})


def drop_messages(record: PatientRecord, message_ids: Iterable[str]) -> PatientRecord:
    """Return the record without these messages: their rows keep the latest state."""
    gone = frozenset(message_ids) & record.messages.keys()
    if not gone:
        return record
    return replace(record, messages={key: m for key, m in record.messages.items() if key not in gone})


def call_off(
    record: PatientRecord, which: Callable[[Message], bool], reason: str, now: Instant
) -> tuple[PatientRecord, tuple[Message, ...], tuple[TimelineLine, ...]]:
    """End, unsent, every message still in preparation that `which` chooses.

    Returns the record without them, the messages as not-done with the reason, and a line for each.
    """
    chosen = [m for m in record.messages.values() if m.status == "preparation" and which(m)]
    ended = tuple(replace(m, status="not-done", status_reason=reason) for m in chosen)
    lines = tuple(not_sent(message, now) for message in ended)
    return drop_messages(record, (m.message_id for m in ended)), ended, lines


def not_sent(message: Message, now: Instant) -> TimelineLine:
    """Say that a message was not sent, and why."""
    refs = tuple(filter(None, (message.message_id, message.journey, message.focus)))
    return TimelineLine(now, "message", f"Not sent by {by(message.channel)}: {message.status_reason}", refs)
