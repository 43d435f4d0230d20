"""Where a dry run has its definitions and its people from: folders of files, or the patient store.

The definitions are the file's, and of folders only what it names; see shared.usecases.simulation.needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import aiohttp
from msgspec import Struct
from msgspec.structs import replace

from cli.chosen import chosen
from cli.journey_files import Library, read_journey
from cli.ndjson_files import read_units
from cli.segment_population import Population
from cli.simulation_options import Asked
from shared.bootstrap import build, policy_of
from shared.config import Settings
from shared.document import Document
from shared.errors import Rejected
from shared.fhir.lens import union
from shared.message.policy import Policy
from shared.usecases.services import Services
from shared.usecases.shelf import load_documents, load_shelf
from shared.usecases.simulation.arrivals import split
from shared.usecases.simulation.needed import with_versions_before
from shared.usecases.simulation.playing import Parcel, parcel
from shared.usecases.simulation.slots import FreeSlot, read_slot
from shared.usecases.simulation.stage import EVERYBODY, Plan, set_stage

PAGE = 200
"""Records read at once."""
_BEYOND = "g"
"""Comes after every key: they are hexadecimal."""

type Say = Callable[[str], object]


class Source(Struct, frozen=True):
    """Plans made ready, and the people to play on them."""

    plans: tuple[Plan, ...]
    parcels: Callable[[], Iterator[Parcel]]
    total: int | None
    """How many people there are; None where nobody has counted."""


def source(files: tuple[Path, ...], asked: Asked, say: Say, report: Say) -> Source:
    """Read what a dry run of these files needs. Raises Invalid with every problem, OSError."""
    settings = chosen(asked.settings_file) if asked.data is None else None
    policy = policy_of(settings) if settings is not None else Policy(zone=asked.zone, region=asked.region)
    start, end = asked.span(policy.zone)
    library, published = Library(asked.folders), _published(settings) if settings is not None else ()
    for problem in library.unreadable():
        report(str(problem))
    own = (library.needed(file, read_journey(file), asked.enrol) for file in files)
    plans = tuple(
        Plan(with_versions_before(each, published), policy, asked.assumptions, start, end, enrol=asked.enrol)
        for each in own
    )
    for plan in plans:
        _check(plan, asked, report)
    if settings is not None:
        return Source(plans, lambda: _stored(settings, asked, plans[0]), None)
    assert asked.data is not None
    return _of_files(asked.data, plans, asked, say, report)


def _check(plan: Plan, asked: Asked, report: Say) -> None:
    """See that the definitions fit together, and say where nobody would enter. Raises Invalid, Rejected."""
    stage = set_stage(plan)
    journey = stage.catalogue.journeys.latest(stage.main)
    kind = journey.trigger.kind if journey is not None else ""
    if asked.enrol not in ("", EVERYBODY) and stage.catalogue.segments.get(asked.enrol) is None:
        raise Rejected(f"there is no segment {asked.enrol} to enrol")
    if kind == "fhir_change" and asked.arrivals == "none" and not asked.enrol:
        report(
            "The journey begins when a resource changes, and nothing changes: --arrivals dated or recorded "
            "lets the resources of the data arrive in the course of the dry run."
        )
    elif kind in ("manual", "event") and not asked.enrol:
        report("Nobody enters such a journey by themselves: --enrol puts people in.")


def _of_files(data: Path, plans: tuple[Plan, ...], asked: Asked, say: Say, report: Say) -> Source:
    """Read files; resources are looked at for what any of the plans asks of them."""
    zone = ZoneInfo(asked.zone)
    population = Population(zone, union(set_stage(plan).catalogue.arrivals for plan in plans))
    slots = list[FreeSlot]()
    say("reading the patients")
    for unit in read_units(data, report):
        slots += (slot for resource in unit if (slot := read_slot(resource, zone)) is not None)
        population.add(unit)
    ready = tuple(replace(plan, slots=tuple(slots) or None) for plan in plans)

    def parcels() -> Iterator[Parcel]:
        for record in population.records():
            yield parcel(*split(record, asked.arrivals, ready[0].start, ready[0].end))

    return Source(ready, parcels, len(population))


def _published(settings: Settings) -> tuple[Document, ...]:
    """Read what is published: people are inside versions of the journey. Raises Unavailable."""
    with _deployment(settings) as (services, run):
        shelf, _ = run(load_shelf(services.documents))
        return run(load_documents(services.documents, shelf))


def _stored(settings: Settings, asked: Asked, plan: Plan) -> Iterator[Parcel]:
    """Walk the patient store, page by page. Raises Unavailable."""
    with _deployment(settings) as (services, run):
        cursor = ""
        while stored := run(services.patients.range(cursor, _BEYOND, PAGE)):
            for found in stored:
                yield parcel(*split(found.record, asked.arrivals, plan.start, plan.end))
            cursor = stored[-1].record.key


class _Run(Protocol):
    def __call__[T](self, coroutine: Coroutine[Any, Any, T], /) -> T: ...


@contextmanager
def _deployment(settings: Settings) -> Iterator[tuple[Services, _Run]]:
    """Open what the settings describe, for code that is no coroutine."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield runner.run(_services(settings, stack)), runner.run
        finally:
            runner.run(stack.aclose())


async def _services(settings: Settings, stack: AsyncExitStack) -> Services:
    session = await stack.enter_async_context(aiohttp.ClientSession())
    return await build(settings, session)
