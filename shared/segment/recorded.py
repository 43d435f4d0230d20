"""When a resource was written down, which may be another day than when it was so: `recorded` of `when`.

It is kept as the text that the resource has, and read only where a definition asks; see shared.segment.when.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo

from shared.fhir.fact import Fact
from shared.fhir.instants import Instant, parse_range

KEPT = ("authored-on", "issued", "recorded-date")
"""Attributes that tell it, the first that there is: authoredOn; issued, of what was not done; recordedDate,
recorded, dateAsserted, recordedOn."""


def recorded(zone: tzinfo) -> Callable[[Fact], tuple[Instant, Instant] | None]:
    """Return what gives the beginning of a fact's record as a span; a date is a day in `zone`."""

    def span(fact: Fact) -> tuple[Instant, Instant] | None:
        text = next((words[0] for name in KEPT if (words := fact.attributes.get(name))), None)
        begun = None if text is None else read(text, zone)
        return None if begun is None else (begun, Instant(begun + 1))

    return span


def read(text: str, zone: tzinfo) -> Instant | None:
    """Read the first instant of a FHIR date or date-time; None for what is none."""
    try:
        return parse_range(text, zone)[0]
    except (ValueError, OverflowError):
        return None
