"""How long a message may be by channel: beyond that a provider refuses it, so that we do beforehand.

SMS: Communication Services takes 2,048 bytes
(https://learn.microsoft.com/azure/communication-services/concepts/sms/sdk-features); ten parts are below that
in any alphabet. WhatsApp: 4,096 characters of free text
(https://developers.facebook.com/docs/whatsapp/cloud-api/messages/text-messages). Email: a line of a header
has at most 998 characters (RFC 5322, 2.1.1). Push: a notification has 4 kB with all that goes with it
(https://developer.apple.com/documentation/usernotifications). Letter: about eight pages.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from shared.message.segments_sms import sms_size

MOST_SEGMENTS = 10
_MOST = {
    ("whatsapp", "text"): 4096,
    ("email", "subject"): 988,
    ("letter", "text"): 24_000,
    ("letter", "subject"): 150,
    ("push", "subject"): 120,
    ("push", "text"): 1000,
}
"""Characters, by channel and part."""


class TooLong(Struct, frozen=True):
    """A part over its limit."""

    part: str
    what: str
    expected: str


def too_long(channel: str, text: str, subject: str = "") -> Iterator[TooLong]:
    """Walk the parts of a rendered message that are over the channel's limit."""
    if channel == "sms" and (segments := sms_size(text).segments) > MOST_SEGMENTS:
        yield TooLong("text", f"is {segments} SMS parts long", f"at most {MOST_SEGMENTS}")
    for part, words in (("text", text), ("subject", subject)):
        most = _MOST.get((channel, part))
        if most is not None and len(words) > most:
            yield TooLong(part, f"is {len(words):,} characters long", f"at most {most:,}")
