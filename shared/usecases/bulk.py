"""Take in a population in bulk, from files or an export: many resources in any order become records.

Whoever has them (cli.take_in, shared.usecases.exports) sorts each out here; a `Gathering` keeps them until
all have been seen, and then patient by patient is taken in, one commit each. Versions are the server's own,
where the resources say them, so that a notification that follows is compared with them as always.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import tzinfo
from typing import Protocol

from msgspec import Struct, field

from shared.effects import IndexReference
from shared.errors import Rejected
from shared.events import CompartmentRead
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant
from shared.fhir.lens import EMPTY, Lens
from shared.fhir.project import KEPT_TYPES, Projection, project
from shared.patient.record import patient_key
from shared.usecases.react import Trigger, react
from shared.usecases.recover import OVERLAP, Watermark, advance, watermark
from shared.usecases.services import Services
from shared.usecases.take_in import AT_ONCE, Progress

type Report = Callable[[str], object]
"""Hears what is wrong and where; nothing of a resource's content."""


class Gathered(Struct, frozen=True):
    """One patient of a gathering."""

    patient_id: str
    contents: tuple[Fact | Person, ...]
    """What was kept; the shared resources that it refers to come first."""
    missing: tuple[str, ...] = ()
    """Shared resources that it refers to and that were not there."""


class Gathering(Protocol):
    """What keeps projections until all have been seen, and gives them back patient by patient."""

    def add(self, projection: Projection) -> None:
        """Keep a projection: under each of its patients, or for those that refer to it."""
        ...

    def count(self) -> int:
        """Count the patients."""
        ...

    def patients(self) -> Iterator[Gathered]:
        """Walk the patients."""
        ...


class Tally(Struct):
    """How many resources were seen, by what became of them."""

    kept: int = 0
    not_kept: Counter[str] = field(default_factory=Counter)
    """Of types that are not kept, by type."""
    of_nobody: Counter[str] = field(default_factory=Counter)
    """Of kept types but naming no patient, by type."""


class Sorter(Struct):
    """Sorts out resources, in any order."""

    zone: tzinfo
    gathering: Gathering
    tally: Tally = field(default_factory=Tally)
    lens: Lens = EMPTY

    def sort_out(self, resource: Mapping[str, object]) -> None:
        """Gather what is to be kept of a resource that has a type and an id, and count it."""
        kind = str(resource["resourceType"])
        if kind not in KEPT_TYPES:
            self.tally.not_kept[kind] += 1
            return
        try:
            self.gathering.add(project(resource, self.zone, self.lens))
        except Rejected:
            self.tally.of_nobody[kind] += 1
        else:
            self.tally.kept += 1


async def take_in_all(
    services: Services, gathering: Gathering, progress: Progress = lambda done, of: None
) -> int:
    """Make a record of each patient gathered, some at once; how many. Raises Unavailable.

    Again changes only what is newer. What is in no file is not taken away: files need not be the whole truth.
    """
    waiting, total, done = gathering.patients(), gathering.count(), 0

    async def work() -> None:
        nonlocal done
        for gathered in waiting:
            await take_in_gathered(services, gathered)
            done += 1
            progress(done, total)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return done


async def take_in_gathered(services: Services, gathered: Gathered) -> None:
    """Let a patient's resources be known, all at once. Raises Unavailable.

    Should a message follow, the guard asks the server first: what we have may be old. A shared resource that
    is missing is heard of when it changes.
    """
    patient_id, key = gathered.patient_id, patient_key(gathered.patient_id)
    for reference in gathered.missing:
        await services.indexes.apply(key, IndexReference(reference))
    trigger = Trigger(f"bulk-{patient_id}")
    await react(services, key, [CompartmentRead(gathered.contents)], trigger, patient_id)


async def mark_taken_in(services: Services, at: Instant) -> None:
    """Say that all up to `at`, by the server's clock, has been taken in: reconciliation goes on from it."""
    for kind in sorted(KEPT_TYPES):
        mark, etag = await watermark(services, kind)
        if at > mark.latest:
            following = Watermark(at, Instant(max(0, at - OVERLAP)), services.clock.now())
            await advance(services, kind, following, mark, etag)
