"""Controls: what is switched while journeys run; part of the catalogue, as definitions never change."""

from __future__ import annotations

from msgspec import Struct


class Controls(Struct, frozen=True):
    """What staff have switched, and what an A/B test has come to."""

    sending: bool = True
    """The kill switch: while it is off nothing is handed to any channel, and nobody is told anything."""
    paused: frozenset[str] = frozenset()
    """Urls of journeys in which everybody stands still."""
    stopped: frozenset[str] = frozenset()
    """Urls of journeys that everybody leaves and nobody enters."""
    winners: dict[str, dict[str, str]] = {}
    """By journey (canonical) and step, the way that everybody takes from now on."""


FREE = Controls()
"""Nothing is switched."""
