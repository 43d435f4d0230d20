"""Heard once: replies, events and choices have ids, as queues repeat what they bring."""

from __future__ import annotations

from msgspec.structs import replace

from shared.patient.record import PatientRecord

MOST_REPLIES = 32
"""Replies and events remembered by their ids, to know a repeated delivery: a queue repeats within minutes."""


def heard_before(record: PatientRecord, heard_id: str) -> PatientRecord | None:
    """Note the id of a reply or an event; None where it was heard before."""
    if heard_id in record.replies:
        return None
    return replace(record, replies=(*record.replies, heard_id)[-MOST_REPLIES:])
