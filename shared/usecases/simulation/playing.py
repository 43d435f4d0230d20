"""The dry run itself: packed patients are dealt out to worker processes, and what they count is added up.

Where a journey has limits everybody is played together in this process: one's turn depends on the others'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import batched, chain, islice
from multiprocessing import get_context

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shared.events import Event, ResourceChanged
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant
from shared.patient.facts import Facts
from shared.patient.packing import pack, unpack
from shared.patient.record import PatientRecord
from shared.usecases.simulation.company import Company
from shared.usecases.simulation.counting import Counts
from shared.usecases.simulation.stage import Plan, Stage, set_stage

BATCH = 100
"""Patients that a worker plays at once."""
ALONE = 2 * BATCH
"""So many patients and fewer are not worth a second process."""
MOST_EXAMPLES = 10

type Progress = Callable[[int], object]
"""Hears how many patients were played so far."""


class _Arrival(Struct, frozen=True, array_like=True):
    at: Instant
    fact: Fact | None = None
    person: Person | None = None


_encode = msgspec.msgpack.Encoder().encode
_arrivals = msgspec.msgpack.Decoder(tuple[_Arrival, ...]).decode


class Parcel(Struct, frozen=True):
    """A patient, packed for another process."""

    key: str
    chunks: dict[str, bytes]
    arrivals: bytes = b""
    """What arrives later on, packed."""


class Played(Struct, frozen=True):
    """What came of plans that the same people were played on."""

    counts: tuple[Counts, ...]
    """One for each plan."""
    different: int = 0
    """Patients who get something else on the second plan than on the first."""
    examples: tuple[str, ...] = ()
    """FHIR ids of some of them."""

    def __add__(self, other: Played) -> Played:
        """Add up what two groups of patients came to."""
        counts = tuple(mine + others for mine, others in zip(self.counts, other.counts, strict=True))
        examples = tuple(sorted((*self.examples, *other.examples))[:MOST_EXAMPLES])
        return Played(counts, self.different + other.different, examples)


def parcel(record: PatientRecord, arrivals: Iterable[tuple[Instant, Fact | Person]] = ()) -> Parcel:
    """Pack a patient, and what arrives of theirs later on."""
    coming = tuple(
        _Arrival(at, fact=content) if isinstance(content, Fact) else _Arrival(at, person=content)
        for at, content in arrivals
    )
    whole = replace(record, facts=Facts.of_facts(*record.facts))  # a stored one packs only what changed
    return Parcel(record.key, pack(whole), _encode(coming) if coming else b"")


def unparcel(packed: Parcel) -> tuple[PatientRecord, list[tuple[Instant, Event]]]:
    """Unpack a patient. Raises ValueError."""
    coming = _arrivals(packed.arrivals) if packed.arrivals else ()
    events = ((each.at, each.fact or each.person) for each in coming)
    return unpack(packed.key, packed.chunks), [(at, ResourceChanged(what)) for at, what in events if what]


def play(
    parcels: Iterable[Parcel], plans: Sequence[Plan], workers: int, progress: Progress = lambda done: None
) -> Played:
    """Play patients on every plan. Raises Invalid for definitions that do not fit together, ValueError."""
    stages = [set_stage(plan) for plan in plans]
    first = list(islice(waiting := iter(parcels), ALONE))
    everybody = chain(first, waiting)
    if workers < 2 or len(first) < ALONE or any(stage.gated for stage in stages):
        return _together(everybody, stages, progress)
    return _spread(everybody, plans, workers, progress)


def _together(parcels: Iterable[Parcel], stages: Sequence[Stage], progress: Progress) -> Played:
    companies = [Company(stage) for stage in stages]
    for done, packed in enumerate(parcels, 1):
        record, arrivals = unparcel(packed)
        for company in companies:
            company.add(record, arrivals)
        if done % BATCH == 0:
            progress(done)
    for company in companies:
        company.close()
    return _compared(companies)


def _compared(companies: Sequence[Company]) -> Played:
    first, last = companies[0].marks, companies[-1].marks
    different = sorted(each for each in first.keys() | last.keys() if first.get(each) != last.get(each))
    counts = tuple(company.counts for company in companies)
    return Played(counts, len(different), tuple(different[:MOST_EXAMPLES]))


def _spread(parcels: Iterable[Parcel], plans: Sequence[Plan], workers: int, progress: Progress) -> Played:
    """Keep every worker busy with a batch and one more in hand, so that memory stays small."""
    total, done = Played(tuple(Counts() for _ in plans)), 0
    batches = batched(parcels, BATCH, strict=False)
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (tuple(plans),)) as pool:
        running = {pool.submit(_work, batch): len(batch) for batch in islice(batches, 2 * workers)}
        while running:
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                total, done = total + future.result(), done + running.pop(future)
                progress(done)
            running.update(_further(pool, batches, len(finished)))
    return total


def _further(
    pool: ProcessPoolExecutor, batches: Iterator[tuple[Parcel, ...]], count: int
) -> dict[Future[Played], int]:
    return {pool.submit(_work, batch): len(batch) for batch in islice(batches, count)}


_stages: list[Stage] = []
"""Of a worker process: set once when it begins."""


def _begin(plans: tuple[Plan, ...]) -> None:
    _stages[:] = map(set_stage, plans)


def _work(batch: Sequence[Parcel]) -> Played:
    return _together(batch, _stages, lambda done: None)
