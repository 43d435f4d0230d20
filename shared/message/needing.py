"""Which messages need somebody: of those that go well nothing is written beside their own row.

Called by shared.decide for each message that changed; what comes of it stands in the outbox until the list
says so (shared.ports.needs), where staff find it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from shared.effects import IndexMessage, Need
from shared.fhir.instants import Instant
from shared.message.delivery import ABANDONED, EXPIRED, UNAVAILABLE
from shared.patient.state import Message

NEEDS: Mapping[str, str] = MappingProxyType(
    {
        "unknown": "It may have been sent, and is never repeated: somebody has to find out",
        "not-done": "The provider refused it, or could not be had for too long",
        "failed": "It was sent, and is reported not to have arrived",
        "waiting": "It was tried twice or more in vain, and will be tried again",
    }
)
"""By state what staff read."""

TRIES = 2
"""Tries in vain before a message that waits is listed: one is a provider's ordinary bad moment."""

_REASONS: Mapping[str, str] = MappingProxyType(
    {
        UNAVAILABLE: "provider-unavailable",
        EXPIRED: "no-outcome",
        ABANDONED: "sender-stopped",
    }
)
"""Codes for our own reasons: in the list stand no words, as a provider's may quote a contact point."""


def state_of(message: Message) -> str:
    """Return which of NEEDS a message has, or ""."""
    match message.status:
        case "unknown":
            return "unknown"
        case "not-done":
            refused = bool(message.calls) and message.calls[-1].outcome == "refused"
            return "not-done" if refused or message.status_reason == UNAVAILABLE else ""
        case "completed":
            return "failed" if message.delivery == "failed" else ""
        case "preparation":
            return "waiting" if message.attempts >= TRIES else ""
        case "in-progress":  # the try that is being made now is none in vain yet
            return "waiting" if message.attempts > TRIES else ""


def needing(before: Message | None, after: Message, order: int, now: Instant) -> IndexMessage | None:
    """Return what the list has to say of a message that changed; None where it says so already.

    `order` is how many commits came before this one.
    """
    then = state_of(before) if before is not None else ""
    if then == state_of(after):
        return None
    return IndexMessage(after.message_id, need_of(after, order, now))


def need_of(message: Message, order: int, now: Instant) -> Need:
    """Return the row of a message; its state is "" where it needs nobody."""
    return Need(
        state=state_of(message),
        created=message.created,
        since=now,
        order=order,
        channel=message.channel,
        journey=message.journey,
        template=message.template,
        code=message.code or _REASONS.get(message.status_reason, ""),
    )
