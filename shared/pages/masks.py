"""Contact points as a page may show them: enough for their owner to know which is meant, and no more."""

from __future__ import annotations

_DOTS = "••••"
_SHOWN = 4


def mask(channel: str, address: str) -> str:
    """Return "•••• 0142" of a number and "a•••@•••.org" of an email address; "" of anything else."""
    if channel in ("sms", "whatsapp"):
        digits = last_digits(address)
        return f"{_DOTS} {digits}" if digits else ""
    if channel == "email":
        local, _, domain = address.rpartition("@")
        return f"{local[:1]}•••@•••.{domain.rpartition('.')[2]}" if local else ""
    return ""


def last_digits(number: str) -> str:
    """Return the last digits of a phone number, or "" where there are too few to hide the others."""
    digits = "".join(filter(str.isdigit, number))
    return digits[-_SHOWN:] if len(digits) > _SHOWN else ""
