"""The trail of a message: each try at the provider, what was looked at right before, and what was answered.

Kept in the message itself, so that its row tells the whole story long after the record has forgotten it; read
by shared.usecases.evidence. Called where a message is claimed, settled and given up.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from shared.events import SendSettled
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.patient.state import Call, Message

MOST_CALLS = 16
"""Tries remembered of one message: more than any policy makes."""


def claimed(
    record: PatientRecord, message: Message, trigger: str, looked_at: tuple[str, ...], now: Instant
) -> tuple[Call, ...]:
    """Return the calls of a message that is claimed now by a trigger, after the guard has `looked_at`."""
    return (*message.calls, Call(now, trigger, record.catalogue, looked_at))[-MOST_CALLS:]


def answered(message: Message, settled: SendSettled, now: Instant) -> tuple[Call, ...]:
    """Return the calls of a message of which the channel has answered: the last one was meant."""
    told = (settled.provider_id, settled.code, settled.reason)
    return _closed(message, settled.outcome, now, *told)


def given_up(message: Message, reason: str, now: Instant) -> tuple[Call, ...]:
    """Return the calls of a message of which nobody will tell any more what became of it."""
    return _closed(message, "unknown", now, "", "", reason)


def _closed(
    message: Message,
    outcome: Literal["accepted", "refused", "deferred", "unknown"],
    now: Instant,
    provider_id: str,
    code: str,
    reason: str,
) -> tuple[Call, ...]:
    if not message.calls:
        return ()
    *before, last = message.calls
    told = replace(last, outcome=outcome, answered=now, provider_id=provider_id, code=code, reason=reason)
    return (*before, told)
