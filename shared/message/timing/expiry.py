"""Expiry: from when on a message is too late to be of use, and is not sent."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from shared.fhir.calendar import add, parse_duration
from shared.fhir.instants import Instant
from shared.message.policy import Policy
from shared.patient.state import Message


def expires_at(due: Instant, expires_after: str | None, policy: Policy) -> Instant:
    """Return from when on a message that is due at `due` is too late.

    `expires_after` is the template's ISO 8601 duration, counted in the organisation's zone; without one it is
    `policy.patience`. Raises ValueError for what is no duration, or not a positive one.
    """
    if expires_after is None:
        return Instant(due + policy.patience)
    length = parse_duration(expires_after)
    expires = add(due, length, ZoneInfo(policy.zone))
    if expires <= due:
        raise ValueError("a message must have some time to be sent")
    return expires


def too_late(message: Message, expires_after: str | None, now: Instant, policy: Policy) -> str:
    """Return why the message is too late to be sent now, or "".

    A message that was planned before expiry was noted has its time from when it was made. What somebody
    asked for is never too late.
    """
    if message.answers:
        return ""
    expires = message.expires or expires_at(message.created, expires_after, policy)
    return "too late: it has expired" if expires <= now else ""
