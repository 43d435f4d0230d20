"""Whether to be in a segment says something of somebody's health: by what its criteria read.

Who may not see clinical facts must not read them off the names of segments either.
"""

from __future__ import annotations

from shared.segment.compiled import CompiledSegment
from shared.segment.index import SegmentIndex

ADMINISTRATIVE = frozenset(
    {
        "Patient",
        "RelatedPerson",
        "Appointment",
        "Coverage",
        "Consent",
        "Communication",
        "Location",
        "Organization",
        "Practitioner",
    }
)
"""Types of resources that say who somebody is, where they are expected, and how they are reached."""


def is_clinical(segment: CompiledSegment, segments: SegmentIndex) -> bool:
    """Say whether a segment, or one that it refers to, reads anything but administrative resources."""
    if any(touch[0] not in ADMINISTRATIVE for touch in segment.touches):
        return True
    named = [segments.get(url) for url in segment.depends]
    return any(each is None or is_clinical(each, segments) for each in named)


def may_be_seen(url: str, segments: SegmentIndex, *, clinical: bool) -> bool:
    """Say whether who is in a segment (its url) may be seen; one that is not there counts as clinical."""
    found = segments.get(url)
    return clinical or (found is not None and not is_clinical(found, segments))
