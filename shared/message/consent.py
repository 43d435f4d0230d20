"""Consent: whether somebody may be written to, and what pages, staff and replies change about it.

The guard asks right before each send; shared.deciding.messages hands in what people say.
"""

from __future__ import annotations

from shared.fhir.instants import Instant
from shared.message.consents.choosing import choose
from shared.message.consents.confirming import asked_to_confirm
from shared.message.consents.receiving import HEARD_BY_ALL, receive, settles, speaker
from shared.message.consents.resource import consent_resource
from shared.message.policy import DEFAULT, Policy
from shared.patient.permission.ask import Ask
from shared.patient.permission.verdict import consent_id, why_not
from shared.patient.record import PatientRecord

__all__ = [
    "HEARD_BY_ALL",
    "asked_to_confirm",
    "choose",
    "consent_id",
    "consent_resource",
    "receive",
    "settles",
    "speaker",
    "why_forbidden",
]


def why_forbidden(
    record: PatientRecord,
    channel: str,
    now: Instant,
    *,
    purpose: str = "care",
    topic: str = "",
    address: str = "",
    party: str = "",
    policy: Policy = DEFAULT,
) -> str:
    """Return why somebody must not be written to by this channel about this, in words of staff, or "".

    Any no that covers it forbids it, unless a later yes to just this was said (shared.patient.permission.ask:
    `refuses`, `lifts`), and so does a FHIR Consent that denies it. For a restrictive purpose somebody must
    have said yes to that very purpose.
    """
    return why_not(record, Ask(channel, purpose, topic, address, party), now, policy.restrictive)
