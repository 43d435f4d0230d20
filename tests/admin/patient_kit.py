"""Two patients with a life behind them, seen by the admin API."""

from __future__ import annotations

from msgspec.structs import replace

from shared.patient.record import Decision
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
    services = await lived(clock)
    (sent,) = await services.patients.messages(ANN)
    older = (replace(sent, message_id=f"m{n}", created=sent.created - n, journey="") for n in (1, 2))
    stored = await services.patients.load(ANN)
    await services.patients.commit(stored, Decision(stored.record, messages=tuple(older)))
    return Desk(services, clock)
