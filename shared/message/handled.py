"""Handled: what one call about messages brought about, for shared.decide to make part of a Decision."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from shared.effects import OutboxEffect
from shared.fhir.instants import Instant
from shared.patient.messages import drop_messages, keep_message, not_sent
from shared.patient.record import PatientRecord, TimelineLine
from shared.patient.state import Message, failed_at, put_on_hold


class ReplyIntent(Struct, frozen=True):
    """Something to answer to who wrote to us: it is planned like any message, at any hour."""

    kind: str
    """Which of the reply templates: Policy.replies + kind."""
    channel: str
    to: str
    """The contact point that the reply came from, normalised."""
    cause: str
    """Id of the reply, or of the question: one answer of a kind to each."""
    party: str = ""
    language: str = ""
    """In which they wrote, where that can be told; else the recipient's own."""
    values: dict[str, str] = {}
    """What its words are told: see `values` of a message."""


class Handled(Struct, frozen=True):
    """The record after a call, the messages whose row must be written, and the lines of why."""

    record: PatientRecord
    timeline: tuple[TimelineLine, ...] = ()
    messages: tuple[Message, ...] = ()
    effects: tuple[OutboxEffect, ...] = ()
    """What is to be done outside."""
    replies: tuple[ReplyIntent, ...] = ()


def said(
    message: Message, now: Instant, text: str, kind: Literal["message", "fault"] = "message"
) -> TimelineLine:
    """Make a timeline line about a message."""
    refs = (message.message_id, message.template, message.journey, message.focus)
    return TimelineLine(now, kind, text, tuple(filter(None, refs)))


def kept(record: PatientRecord, message: Message, now: Instant, text: str) -> Handled:
    """Keep a changed message in the record, with a line."""
    return Handled(keep_message(record, message), (said(message, now, text),), (message,))


def ended(record: PatientRecord, message: Message, reason: str, now: Instant) -> Handled:
    """End a message unsent: it leaves the record, its row says why."""
    over = replace(message, status="not-done", status_reason=reason)
    return Handled(drop_messages(record, [over.message_id]), (not_sent(over, now),), (over,))


def faulty(record: PatientRecord, message: Message, reason: str, now: Instant) -> Handled:
    """End a message that its author got wrong, and put its enrolment on hold for staff to look at."""
    result = ended(record, message, reason, now)
    line = said(message, now, f"On hold at {message.step}: {reason}", "fault")
    line = replace(line, refs=(*line.refs, message.enrolment_id))
    return replace(result, record=_hold(result.record, message, reason), timeline=(*result.timeline, line))


def _hold(record: PatientRecord, message: Message, reason: str) -> PatientRecord:
    enrolment = record.enrolments.get(message.enrolment_id)
    if enrolment is None:
        return record
    held = put_on_hold(failed_at(enrolment, message.step), reason, "fault")
    return replace(record, enrolments={**record.enrolments, held.enrolment_id: held})
