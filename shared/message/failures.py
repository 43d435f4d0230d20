"""Failures: the few kinds that the next move depends on, whatever words a provider has for them.

Adapters and the readers of delivery reports map to these; shared.message.delivery acts on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FAILURES: Mapping[str, str] = MappingProxyType(
    {
        "invalid-address": "the contact point does not exist",
        "landline": "the number is a landline or cannot receive messages",
        "opted-out": "the recipient has opted out at the provider",
        "blocked": "the recipient's provider blocks our messages",
        "hard-bounce": "the mailbox refuses mail for good",
        "complaint": "the recipient reported the message as spam",
        "suppressed": "the provider no longer sends to this contact point",
        "content": "the provider rejects the content",
        "too-late": "it could not be brought in time",
        "temporary": "the recipient could not be reached for now",
    }
)
"""By code, what staff read."""

UNUSABLE = frozenset({"invalid-address", "landline", "hard-bounce", "complaint", "suppressed"})
"""After these nothing more is sent to the contact point."""
