"""The list of messages that need somebody: written by index effects, read by staff, the newest first."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from shared.effects import Need
from shared.fhir.instants import Instant


class NeedRow(Struct, frozen=True):
    """A message that needs somebody."""

    key: str
    """Whose it is."""
    message_id: str
    need: Need
    place: str
    """Where the row stands among those of its state: opaque, to read on from."""


class Needs(Protocol):
    """Messages that need somebody, by state and by when they were made."""

    async def needs(
        self,
        state: str,
        *,
        channel: str = "",
        journey: str = "",
        since: Instant | None = None,
        until: Instant | None = None,
        after: str = "",
        limit: int = 100,
    ) -> tuple[NeedRow, ...]:
        """Return the first `limit` messages in a state beyond `after`, the newest first; fewer: all.

        `journey` is a url, of whichever version. Made at `since` or later, before `until`.
        """
        ...
