"""Letters on their way to the print house: what the manifest says of each, and what their files are called.

Written by the letter channel (shared.adapters.letters_store), read by shared.usecases.letters.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct


class Printed(Struct, frozen=True):
    """A letter's line of the manifest: nothing in it says who gets it or what it says."""

    id: str
    """Of the message."""
    pages: int
    country: str
    sha256: str


def pdf_name(day: str, message_id: str) -> str:
    """Return where a letter is stored."""
    return f"letters/{day}/{message_id}.pdf"


def line_name(day: str, message_id: str) -> str:
    """Return where its line of the manifest is stored."""
    return f"letters/{day}/{message_id}.json"


def encode_line(printed: Printed) -> bytes:
    """Write a line of the manifest."""
    return msgspec.json.encode(printed)
