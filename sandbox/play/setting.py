"""Before the curtain rises: a population on the FHIR server, in our records, and the definitions in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sandbox.idle import until_idle
from sandbox.play.hospital import Hospital
from sandbox.play.oracle import Population
from sandbox.play.story import Resource
from sandbox.population.generate import TODAY, generate
from sandbox.population.load import Loaded, load
from sandbox.population.places import places
from sandbox.population.reading import read_ndjson
from sandbox.stack import Stack
from shared.catalogue import Document
from shared.fhir.instants import Instant, parse_instant, to_datetime
from shared.fhir.project import KEPT_TYPES
from shared.usecases.populate import start_population
from shared.usecases.publish import Published, publish
from shared.usecases.services import Services

type Report = Callable[[str], object]
type Progress = Callable[[int], object]

_DATES = ("effectiveDateTime", "issued", "recordedDate", "authoredOn", "occurrenceDateTime", "onsetDateTime")
_PERIODS = ("period", "performedPeriod", "effectivePeriod")


def made_up() -> Iterator[Resource]:
    """Give the project's own small population."""
    return (resource for resource in generate() if resource["resourceType"] in KEPT_TYPES)


def in_folder(folder: Path, report: Report) -> Iterator[Resource]:
    """Give what lies in a folder, and the places that the stories need."""
    yield from (resource for resource in places() if resource["resourceType"] in KEPT_TYPES)
    yield from read_ndjson(folder, report, KEPT_TYPES)


def together(people: Iterable[Resource], resources: Iterable[Resource]) -> Iterator[Resource]:
    """Give the cast first, then everybody else."""
    yield from people
    yield from resources


def survey(folder: Path | None, report: Report, zone: ZoneInfo) -> tuple[int, date]:
    """Count the resources to load, and find the day after the last thing that happened in them, in `zone`."""
    if folder is None:
        return sum(1 for _ in made_up()), TODAY
    count, latest = 0, Instant(0)
    for resource in in_folder(folder, report):
        count += 1
        latest = max(latest, *_instants(resource, zone), Instant(0))
    day = to_datetime(latest, zone).date() if latest else None
    return count, TODAY if day is None else day + timedelta(days=1)


def _instants(resource: Resource, zone: ZoneInfo) -> Iterator[Instant]:
    texts = [resource.get(name) for name in _DATES]
    for name in _PERIODS:
        period = resource.get(name)
        texts += period.values() if isinstance(period, dict) else ()
    for text in texts:
        if isinstance(text, str):
            with suppress(ValueError):  # what is no date says nothing of the last day
                yield parse_instant(text, zone)


async def fill(stack: Stack, hospital: Hospital, resources: Iterable[Resource], progress: Progress) -> Loaded:
    """Load a population, before anybody is subscribed: no event of it is delivered."""
    await hospital.behave({"drop": 1.0})
    loaded = await load(resources, stack.urls["fhir"], progress)
    await until_idle(stack, limit=600)
    await hospital.behave({})
    return loaded


async def put_in_force(stack: Stack, services: Services, documents: tuple[Document, ...]) -> Published:
    """Publish definitions and let everybody be looked at; returns when that is done."""
    published = await publish(services, documents)
    await start_population(services, published.population)
    await until_idle(stack, limit=600)
    return published


def watched(population: Population, folder: Path | None, report: Report) -> Iterator[Resource]:
    """Give the resources to load, the oracle looking on."""
    return population.watch(made_up() if folder is None else in_folder(folder, report))
