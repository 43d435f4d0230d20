"""What becomes of a claimed message: the channel's answer, a lost claim, the delivery report.

record.messages keeps those in preparation, in-progress and unknown, and completed ones until the last
report that their channel makes (SMS delivered, WhatsApp read, email clicked) or for `keep_completed`. The
message's own row always has the latest state, so that a report which comes later still finds it there.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from shared.events import ClaimsAbandoned, DeliveryReported, OutcomeSaid, SendSettled
from shared.fhir.instants import SECOND, Instant
from shared.message.handled import Handled, ended, kept, said
from shared.message.policy import DEFAULT, Policy
from shared.message.trail import answered, given_up
from shared.message.unusable import learnt
from shared.patient.messages import by, drop_messages, keep_message
from shared.patient.record import PatientRecord
from shared.patient.state import Message

ABANDONED = "the sender stopped before the outcome was known"
EXPIRED = "no outcome was told in time"
UNAVAILABLE = "provider unavailable"

_RANK = {"": 0, "sent": 1, "failed": 2, "delivered": 3, "opened": 4, "clicked": 5, "complained": 6}
_FINAL = {"sms": frozenset({"delivered"}), "email": frozenset({"clicked"}), "whatsapp": frozenset({"opened"})}
"""The last report that a channel can be expected to make."""


def settle(record: PatientRecord, settled: SendSettled, now: Instant, policy: Policy = DEFAULT) -> Handled:
    """Take in the channel's answer for a claimed message.

    An answer that comes after the claim was given up still says what happened, but never sends again.
    """
    message = record.messages.get(settled.message_id)
    if message is None or message.status not in ("in-progress", "unknown"):
        return _late(record, message, settled, now)
    message = replace(message, calls=answered(message, settled, now))
    match settled.outcome:
        case "accepted":
            return _accepted(record, message, settled, now)
        case "refused":
            refused = replace(message, code=settled.code)
            over = ended(record, refused, settled.reason or "refused by the provider", now)
            return learnt(over, refused, now, policy)
        case "deferred" if message.status == "in-progress":
            return _deferred(record, message, settled, now, policy)
        case _:
            return _unknown(record, [message], settled.reason or "the outcome is not known", now)


def abandon(record: PatientRecord, abandoned: ClaimsAbandoned, now: Instant) -> Handled:
    """Give up what a trigger that came back had claimed before: it may have been sent."""
    return _give_up(record, lambda m: m.claimed_by == abandoned.trigger, ABANDONED, now)


def expire(record: PatientRecord, now: Instant, lease: int = DEFAULT.lease) -> Handled:
    """Give up claims older than `lease` microseconds whose outcome nobody told."""
    return _give_up(record, lambda m: (m.claimed_at or Instant(0)) + lease <= now, EXPIRED, now)


def report(
    record: PatientRecord,
    message: Message | None,
    reported: DeliveryReported,
    now: Instant,
    policy: Policy = DEFAULT,
) -> Handled:
    """Take in a delivery report; `message` is its row where the record holds it no more.

    It only moves up sent < failed < delivered < opened < clicked < complained: a carrier's later "delivered"
    beats "failed", never the reverse. For an unknown message it settles that it was sent.
    """
    message = record.messages.get(reported.message_id) or message
    if message is None or message.status in ("preparation", "not-done"):
        return Handled(record)
    if _RANK[reported.status] <= _RANK[message.delivery] and message.status == "completed":
        return Handled(record)
    higher = max(reported.status, message.delivery, key=_RANK.__getitem__)
    reason, code = (reported.reason, reported.code) if higher == reported.status else ("", message.code)
    after = replace(
        message,
        status="completed",
        delivery=higher,
        delivery_at=reported.at,
        status_reason=reason if higher in ("failed", "complained") else "",
        code=code,
    )
    told = Handled(_followed(record, after), (said(after, now, _words(after)),), (after,))
    return learnt(told, after, now, policy) if higher in ("failed", "complained") else told


def find_out(record: PatientRecord, said_so: OutcomeSaid, now: Instant) -> Handled:
    """Take in what staff found out of a message whose outcome was not known; of any other nothing."""
    message = record.messages.get(said_so.message_id)
    if message is None or message.status != "unknown":
        return Handled(record)
    why = f"{said_so.by} found out: {said_so.reason}"
    if not said_so.sent:
        return ended(record, message, why, now)
    after = replace(message, status="completed", delivery="sent", delivery_at=now, status_reason="")
    return kept(record, after, now, f"Was sent by {by(after.channel)}: {why}")


def forget(record: PatientRecord, now: Instant, keep: int = DEFAULT.keep_completed) -> PatientRecord:
    """Drop completed messages that no report has come for in `keep` microseconds; their rows remain."""
    old = (
        m.message_id
        for m in record.messages.values()
        if m.status == "completed" and (m.delivery_at or m.created) + keep <= now
    )
    return drop_messages(record, old)


def _accepted(record: PatientRecord, message: Message, settled: SendSettled, now: Instant) -> Handled:
    after = replace(
        message,
        status="completed",
        delivery=message.delivery or "sent",
        delivery_at=message.delivery_at or now,
        provider_id=settled.provider_id,
        status_reason="",
    )
    again = f", try {after.attempts}" if after.attempts > 1 else ""
    return kept(record, after, now, f"Sent by {by(after.channel)}{again}")


def _followed(record: PatientRecord, message: Message) -> PatientRecord:
    """Keep a message of the record as long as its channel may say more."""
    if message.message_id not in record.messages:
        return record
    if message.delivery in _FINAL.get(message.channel, ()):
        return drop_messages(record, [message.message_id])
    return keep_message(record, message)


def _late(record: PatientRecord, message: Message | None, settled: SendSettled, now: Instant) -> Handled:
    """Note the provider's id when a report was faster than the answer."""
    if message is None or message.status != "completed" or message.provider_id or not settled.provider_id:
        return Handled(record)
    calls = answered(message, settled, now)
    after = replace(message, provider_id=settled.provider_id, calls=calls)
    return Handled(keep_message(record, after), (), (after,))


def _deferred(
    record: PatientRecord, message: Message, settled: SendSettled, now: Instant, policy: Policy
) -> Handled:
    attempts = message.attempts - settled.held  # one that was held back here was no try
    if attempts >= policy.most_attempts:
        return ended(record, message, UNAVAILABLE, now)
    asked = round((settled.retry_after or 0.0) * SECOND)
    backoff = min(policy.first_backoff << (max(attempts, 1) - 1), policy.longest_backoff)
    wait = max(asked, backoff)
    # Surely not accepted: the provider knows nothing of it, so the next try is a first one to it.
    after = replace(
        message,
        status="preparation",
        due=Instant(now + wait),
        first_sent=None,
        claimed_by="",
        claimed_at=None,
        attempts=attempts,
        status_reason=settled.reason,
        carried_by="",
        carries=(),
    )
    text = f"To be tried again by {by(after.channel)} in {wait // SECOND} s: {settled.reason or 'deferred'}"
    return kept(record, after, now, text)


def _give_up(record: PatientRecord, which: Callable[[Message], bool], reason: str, now: Instant) -> Handled:
    claimed = [m for m in record.messages.values() if m.status == "in-progress" and which(m)]
    return _unknown(record, claimed, reason, now)


def _unknown(record: PatientRecord, messages: list[Message], reason: str, now: Instant) -> Handled:
    fresh = [m for m in messages if m.status == "in-progress"]
    after = tuple(
        replace(m, status="unknown", status_reason=reason, calls=given_up(m, reason, now)) for m in fresh
    )
    lines = tuple(said(m, now, f"Perhaps sent by {by(m.channel)}, not repeated: {reason}") for m in after)
    for message in after:
        record = keep_message(record, message)
    return Handled(record, lines, after)


def _words(message: Message) -> str:
    tail = f": {message.status_reason}" if message.status_reason else ""
    words = {
        "failed": "Not delivered",
        "delivered": "Delivered",
        "opened": "Opened",
        "clicked": "Clicked",
        "complained": "Reported as spam after it was sent",
    }
    return f"{words.get(message.delivery, 'Sent')} by {by(message.channel)}{tail}"
