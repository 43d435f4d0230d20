"""How many parts a message is paid for as: an SMS costs by the part, the others are one each."""

from __future__ import annotations

from shared.message.segments_sms import sms_size


def parts(channel: str, text: str) -> int:
    """Return how many parts a message of this text is."""
    return sms_size(text).segments if channel == "sms" else 1
