"""Journeys: the compiled definitions, found by what happens; the cost does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.fhir.canonical import version_key
from shared.journey.compile import CompiledJourney


class Journeys:
    """An immutable index. Only the latest version of a journey is entered; older ones are finished."""

    __slots__ = ("_by_canonical", "_by_segment", "_by_type", "_latest")

    def __init__(self, compiled: Iterable[CompiledJourney] = ()) -> None:
        self._by_canonical = {journey.canonical: journey for journey in compiled}
        ordered = sorted(self._by_canonical.values(), key=lambda j: (j.url, version_key(j.version)))
        self._latest = {journey.url: journey for journey in ordered}
        self._by_segment: dict[str, tuple[CompiledJourney, ...]] = {}
        self._by_type: dict[str, tuple[CompiledJourney, ...]] = {}
        for journey in self._latest.values():
            if journey.change is not None:
                kind = journey.change.type
                self._by_type[kind] = (*self._by_type.get(kind, ()), journey)
            else:
                self._by_segment[journey.segment] = (*self._by_segment.get(journey.segment, ()), journey)

    def get(self, canonical: str) -> CompiledJourney | None:
        """Find the version pinned by "url|version"."""
        return self._by_canonical.get(canonical)

    def latest(self, url: str) -> CompiledJourney | None:
        """Find the latest version."""
        return self._latest.get(url)

    def on_segment(self, url: str) -> tuple[CompiledJourney, ...]:
        """Return the journeys that entering this segment starts, in the order of their urls."""
        return self._by_segment.get(url, ())

    def on_change(self, resource_type: str) -> tuple[CompiledJourney, ...]:
        """Return the journeys that a change of this resource type may start, in the order of their urls."""
        return self._by_type.get(resource_type, ())

    def __iter__(self) -> Iterator[CompiledJourney]:
        return iter(self._by_canonical.values())

    def __len__(self) -> int:
        return len(self._by_canonical)
