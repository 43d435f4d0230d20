"""A message that could not be guarded: it waits, unclaimed, until somebody can look."""

from __future__ import annotations

from msgspec.structs import replace

from shared.events import SendPostponed
from shared.fhir.instants import Instant
from shared.message.handled import Handled
from shared.patient.messages import keep_message
from shared.patient.record import PatientRecord


def postpone(record: PatientRecord, event: SendPostponed, now: Instant) -> Handled:
    """Move the due instant of a message in preparation; nothing is said, as an outage may last."""
    message = record.messages.get(event.message_id)
    if message is None or message.status != "preparation":
        return Handled(record)
    later = replace(message, due=event.until, status_reason=event.reason)
    return Handled(keep_message(record, later), (), (later,))
