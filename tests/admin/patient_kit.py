"""Two patients with a life behind them, seen by the admin API."""

from __future__ import annotations

from tests.admin.admin_kit import Desk
from tests.unit.memory_kit import Time
from tests.unit.privacy_kit import ANN, BOB, JOURNEY, NUMBERS, lived

__all__ = ["ANN", "BOB", "JOURNEY", "NOBODY", "NUMBERS", "WORDS", "settled"]

NOBODY = "0" * 32
WORDS = ("Lee", "Thank you", "9.8", "HbA1c", "Hello", *NUMBERS.values())
"""What is of a person, in all that `lived` leaves behind."""


async def settled() -> Desk:
    """Return the admin API over Ann and Bob."""
    clock = Time()
    return Desk(await lived(clock), clock)
