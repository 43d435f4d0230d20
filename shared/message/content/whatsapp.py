"""WhatsApp's 24-hour rule: who has not written to us within a day gets only what WhatsApp has approved.

https://learn.microsoft.com/azure/communication-services/concepts/advanced-messaging/whatsapp/whatsapp-overview
"""

from __future__ import annotations

from shared.fhir.instants import DAY, Instant
from shared.patient.engagement import ENGAGEMENT, SYSTEM
from shared.patient.record import PatientRecord

NOT_APPROVED = (
    "on WhatsApp only what is approved may be sent to who has not written within 24 hours, "
    "and the template names nothing approved"
)


def window_open(record: PatientRecord, now: Instant) -> bool:
    """Say whether somebody wrote on WhatsApp for this patient within the last 24 hours."""
    return any(
        "whatsapp" in fact.attributes.get("channel", ())
        and fact.start is not None
        and now - DAY < fact.start <= now
        for fact in record.facts.coded(ENGAGEMENT, f"{SYSTEM}|answered")
    )
