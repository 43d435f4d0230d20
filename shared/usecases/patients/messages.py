"""A patient's messages as staff list them: latest first, some at a time."""

from __future__ import annotations

from msgspec import Struct

from shared.patient.state import Message
from shared.usecases.services import Services


class Filter(Struct, frozen=True):
    """Which messages are wanted; what is empty matches all."""

    status: str = ""
    channel: str = ""
    journey: str = ""
    """Url, whichever version."""

    def takes(self, message: Message) -> bool:
        """Say whether a message is wanted."""
        return (
            self.status in ("", message.status)
            and self.channel in ("", message.channel)
            and (not self.journey or message.journey.partition("|")[0] == self.journey)
        )


async def page_of_messages(
    services: Services, key: str, wanted: Filter, before: str, limit: int
) -> tuple[Message, ...]:
    """Return the first `limit` created before a place; fewer: all.

    Rows are named by opaque ids, in no order: all of this one patient's are read, a thousand a query.
    """
    rows = reversed(await services.patients.messages(key))
    found = (row for row in rows if wanted.takes(row) and (not before or place_of_message(row) < before))
    return tuple(row for row, _ in zip(found, range(limit), strict=False))


def place_of_message(message: Message) -> str:
    """Return where a message stands: places sort as messages do, by creation."""
    return f"{message.created:020d}.{message.message_id}"
