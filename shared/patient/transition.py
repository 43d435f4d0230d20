"""What a change of segment membership looks like to the journeys: made by segments, read by journeys."""

from __future__ import annotations

from msgspec import Struct


class SegmentChanged(Struct, frozen=True):
    """The patient entered or left a segment, and why."""

    url: str
    """The segment's url, without version."""
    canonical: str
    """"url|version" of the definition that was evaluated."""
    entered: bool
    reason: str
