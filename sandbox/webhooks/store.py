"""What the receiver was told: one entry for each id, however often it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_MOST = 2_000
"""Entries that are kept; the oldest go first."""


@dataclass
class Told:
    """One call or card."""

    told_id: str
    kind: Literal["signed", "teams"]
    name: str
    """The last part of the address that it came to."""
    at: str
    """When it came first, by the sandbox's clock."""
    body: dict[str, object]
    times: int = 1


class Store:
    """What came, oldest first."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], Told] = {}
        self.refused = 0
        """Calls that did not prove where they come from, or made no sense."""

    def take(self, told: Told) -> None:
        """Keep it; what came again is counted."""
        known = self._told.get((told.name, told.told_id))
        if known is not None:
            known.times += 1
            return
        self._told[told.name, told.told_id] = told
        if len(self._told) > _MOST:
            del self._told[next(iter(self._told))]

    def all(self) -> list[Told]:
        """Return what came, oldest first."""
        return list(self._told.values())
