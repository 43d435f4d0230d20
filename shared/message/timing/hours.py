"""Quiet hours: when people are left in peace, in their own time zone."""

from __future__ import annotations

from msgspec import Struct


class Place(Struct, frozen=True):
    """Somewhere with stricter hours than the rest."""

    country: str
    """ISO 3166, "US"."""
    state: str = ""
    """As addresses have it, "FL"; "" is the whole country."""
    opens: str = "08:00"
    closes: str = "21:00"
    days: frozenset[int] = frozenset(range(7))
    """Days on which anything may be sent at all, Monday is 0."""


class QuietHours(Struct, frozen=True):
    """Messages go out at `opens` or later and before `closes`, on the wall clock of who gets them."""

    opens: str = "08:00"
    closes: str = "21:00"
    days: frozenset[int] = frozenset(range(7))
    places: tuple[Place, ...] = ()
    holidays: tuple[str, ...] = ()
    """Days without any: dates ("2026-12-25"), or calendars by country ("US", "US-CA")."""
