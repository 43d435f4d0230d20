"""What a channel is asked to send and what it can truthfully answer: the words between outbox and provider.

The four answers are told apart by what is known about the message, as the next move depends on nothing
else: `Accepted` is recorded, `Refused` ends it with a reason, `Deferred` may be tried again, and `Unknown`
is shown to people and never sent again by itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Literal

import msgspec

from shared.effects import Attachment
from shared.fhir.instants import Instant

ChannelName = Literal["sms", "email", "whatsapp", "letter", "push"]
CHANNELS: tuple[ChannelName, ...] = ("sms", "email", "whatsapp", "letter", "push")


class OutboundMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one recipient, rendered and addressed.

    `message_id` is a UUID and the provider's idempotency key: the same on every try of the same message.
    `to` is an E.164 number, an address for email, a postal address with a line feed after each line for
    letters (the name comes first), and whatever the receiver of push notifications knows people by.
    `html`, `attachments` and `headers` are for email only; `subject` is the title of letters and push, too.
    `approved` names the WhatsApp template that the provider fills in with `parameters`, in place of `text`.
    `first_sent` is the instant of the claim: a provider forgets idempotency keys after some minutes and
    judges by this instant whether it would still know one. `tag` comes back in the delivery report
    (SMS only) and must hold no patient data. Raises ValueError for what no provider could take.
    """

    message_id: str
    channel: ChannelName
    to: str
    text: str
    first_sent: Instant
    subject: str = ""
    html: str = ""
    tag: str = ""
    language: str = ""
    """BCP 47, as the text is written."""
    purpose: str = ""
    attachments: tuple[Attachment, ...] = ()
    headers: Mapping[str, str] = {}
    approved: str = ""
    parameters: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.channel not in CHANNELS:
            raise ValueError(f"channel is not one of {', '.join(CHANNELS)}")
        if not self.to:
            raise ValueError("a message needs a recipient")
        _require_uuid(self.message_id)

    def __repr__(self) -> str:
        """Leave out recipient and text: a repr ends up in logs and tracebacks."""
        return f"OutboundMessage(message_id={self.message_id!r}, channel={self.channel!r})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """Leave out the same where Rich prints."""
        return [("message_id", self.message_id), ("channel", self.channel)]


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """The provider took the message; `provider_id` is what its delivery reports will name."""

    provider_id: str


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The provider did not take it and never will: invalid number, opted out, content it rejects.

    `code` is one of FAILURES in shared.message.failures, or another stable kebab-case word; `reason` is a
    sentence for people. Neither holds patient data.
    """

    code: str
    reason: str


class Deferred(msgspec.Struct, frozen=True, tag="deferred"):
    """Surely not accepted, but may be later: claim again with a fresh `first_sent`.

    `retry_after` is in seconds where the provider named it.
    """

    reason: str
    retry_after: float | None = None
    held: bool = False
    """No call was made: the provider had asked for fewer messages, and this one waits with the others."""


class Unknown(msgspec.Struct, frozen=True, tag="unknown"):
    """May have been accepted, and repeating it with the same id did not settle it."""

    reason: str


SendResult = Accepted | Refused | Deferred | Unknown


def _require_uuid(text: str) -> None:
    try:
        uuid.UUID(text)
    except ValueError:
        raise ValueError("message_id is not a UUID") from None
