"""Journeys: the compiled definitions, found by what happens; the cost does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from shared.fhir.canonical import split_canonical, version_key
from shared.fhir.lens import Lens, union
from shared.journey.compile import CompiledJourney
from shared.journey.controls import FREE, Controls

type _Found = Mapping[str, tuple[CompiledJourney, ...]]


class Journeys:
    """An immutable index. Only the latest version of a journey is entered; older ones are finished."""

    __slots__ = (
        "_by_canonical",
        "_by_event",
        "_by_left",
        "_by_segment",
        "_by_type",
        "_latest",
        "_looking_back",
        "_yearly",
        "controls",
        "lens",
    )

    def __init__(self, compiled: Iterable[CompiledJourney] = (), controls: Controls = FREE) -> None:
        self._by_canonical = {journey.canonical: journey for journey in compiled}
        ordered = sorted(self._by_canonical.values(), key=lambda j: (j.url, version_key(j.version)))
        self._latest = {journey.url: journey for journey in ordered}
        self._by_segment = self._grouped(lambda journey: journey.trigger.entered)
        self._by_left = self._grouped(lambda journey: journey.trigger.segment_left or "")
        self._by_type = self._grouped(_resource_type)
        self._by_event = self._grouped(lambda journey: journey.trigger.event or "")
        self._looking_back = tuple(j for j in self._latest.values() if j.trigger.looks_back)
        self._yearly = tuple(j for j in self._latest.values() if j.trigger.date is not None)
        self.controls = controls
        self.lens: Lens = union(journey.lens for journey in self._by_canonical.values())

    def _grouped(self, key: Callable[[CompiledJourney], str]) -> _Found:
        found: dict[str, tuple[CompiledJourney, ...]] = {}
        for journey in self._latest.values():
            if name := key(journey):
                found[name] = (*found.get(name, ()), journey)
        return found

    def get(self, canonical: str) -> CompiledJourney | None:
        """Find the version pinned by "url|version"."""
        return self._by_canonical.get(canonical)

    def latest(self, url: str) -> CompiledJourney | None:
        """Find the latest version."""
        return self._latest.get(url)

    def on_segment(self, url: str) -> tuple[CompiledJourney, ...]:
        """Return the journeys that entering this segment starts, in the order of their urls."""
        return self._by_segment.get(url, ())

    def on_leaving(self, url: str) -> tuple[CompiledJourney, ...]:
        """Return the journeys that leaving this segment starts."""
        return self._by_left.get(url, ())

    def on_change(self, resource_type: str) -> tuple[CompiledJourney, ...]:
        """Return the journeys that a change of this resource type may start, in the order of their urls."""
        return self._by_type.get(resource_type, ())

    def on_event(self, name: str) -> tuple[CompiledJourney, ...]:
        """Return the journeys that a custom event starts."""
        return self._by_event.get(name, ())

    @property
    def yearly(self) -> tuple[CompiledJourney, ...]:
        """Return the journeys that begin on a day of every year."""
        return self._yearly

    def since(self, number: int) -> Iterator[CompiledJourney]:
        """Return the latest versions that came after a publication and look at what was before."""
        return (journey for journey in self._looking_back if journey.published_in > number)

    def paused(self, canonical: str) -> bool:
        """Say whether everybody in this journey stands still."""
        return split_canonical(canonical)[0] in self.controls.paused

    def stopped(self, canonical: str) -> bool:
        """Say whether everybody leaves this journey."""
        return split_canonical(canonical)[0] in self.controls.stopped

    def __iter__(self) -> Iterator[CompiledJourney]:
        return iter(self._by_canonical.values())

    def __len__(self) -> int:
        return len(self._by_canonical)


def _resource_type(journey: CompiledJourney) -> str:
    trigger = journey.trigger
    if trigger.fhir_change is not None:
        return trigger.fhir_change.type
    return trigger.instant.of.type if trigger.instant is not None else ""
