"""The dry run of a journey over the stored records, as long work: page by page, a sample of many.

Nothing is written, nobody is told anything, and nothing of anybody is in the result: figures alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from shared.access.small_figures import veil
from shared.document import Document, Kind
from shared.errors import Rejected
from shared.fhir.instants import DAY, Instant
from shared.patient.record import PatientRecord
from shared.ports import BEYOND, Stored
from shared.usecases.operations.running import Progress
from shared.usecases.operations.written import LongWork
from shared.usecases.services import Services
from shared.usecases.shelf import load_documents, load_shelf
from shared.usecases.simulation.arrivals import Mode, split
from shared.usecases.simulation.assumptions import Assumptions, read_assumptions
from shared.usecases.simulation.company import Company
from shared.usecases.simulation.needed import needed, with_versions_before
from shared.usecases.simulation.playing import parcel, unparcel
from shared.usecases.simulation.report import Report, report
from shared.usecases.simulation.stage import EVERYBODY, Plan, Stage, set_stage

PAGE = 200
"""Records that are read at once."""
MOST_BYTES = 300_000
"""Of definitions that come with the request: they are kept with the work."""
MOST_TOLD = 400_000
"""Bytes of a result, beyond which what is told by day is left out."""
_BY_DAY = (
    "entered_by_day",
    "inside_by_day",
    "tasks_by_day",
    "by_owner",
    "sent_by_day",
    "sent_by_hour",
    "days",
)


class Offered(Struct, frozen=True):
    """A definition that comes with the request; it takes the place of what is published under its url."""

    kind: Kind
    where: str
    body: dict[str, Any]


class Simulated(Struct, frozen=True):
    """What is asked for."""

    start: Instant
    days: int
    journey: str = ""
    """Canonical of a published version; "" where the first of `documents` is the journey."""
    documents: tuple[Offered, ...] = ()
    enrol: str = ""
    """Whom to put in at the start: the url of a segment, or "everybody"."""
    arrivals: Mode = "none"
    most: int = 5000
    """Patients to play; keys are digests, so that the first so many are a sample of all."""
    assume: dict[str, str] = {}
    price: dict[str, str] = {}
    seed: str = "1"
    currency: str = "USD"
    sees_people: bool = False
    """Whoever asked may see figures of a few people."""

    @property
    def assumptions(self) -> Assumptions:
        """Return what is supposed. Raises Rejected."""
        try:
            return read_assumptions(self.assume.items(), self.price.items(), self.seed, self.currency)
        except ValueError as wrong:
            raise Rejected(f"assumptions: {wrong}", "bad-assumption") from None


async def staged(services: Services, asked: Simulated) -> Stage:
    """Make the stage ready, by what is published now. Raises Invalid with every problem, Rejected."""
    stage = await asyncio.to_thread(set_stage, await planned(services, asked))
    if asked.enrol not in ("", EVERYBODY) and stage.catalogue.segments.get(asked.enrol) is None:
        raise Rejected("there is no segment of this url to enrol", "unknown-segment")
    return stage


async def planned(services: Services, asked: Simulated) -> Plan:
    """Gather what is to be played: the journey and all it leans on. Raises Rejected, Unavailable."""
    shelf, _ = await load_shelf(services.documents)
    published = await load_documents(services.documents, shelf)
    own = tuple(Document(each.kind, each.where, each.body) for each in asked.documents)
    journey = _journey(own, published, asked.journey)
    taken = {_url(each) for each in own}
    others = (*own, *(each for each in published if _url(each) not in taken))
    documents = with_versions_before(needed(journey, others, asked.enrol), published)
    end = Instant(asked.start + asked.days * DAY)
    return Plan(documents, services.policy, asked.assumptions, asked.start, end, enrol=asked.enrol)


def _journey(own: Sequence[Document], published: Sequence[Document], wanted: str) -> Document:
    found = [each for each in published if each.canonical == f"journey {wanted}"] if wanted else own[:1]
    if not found or found[0].kind != "journey":
        told = "no such version is published" if wanted else "the first definition must be the journey"
        raise Rejected(told, "unknown-version" if wanted else "no-journey")
    return found[0]


def _url(document: Document) -> str:
    return str(document.body.get("url", ""))


async def simulate_journey(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
    """Play it, from the beginning also after a crash. Raises Invalid, Rejected, Unavailable."""
    asked = msgspec.convert(work.params, Simulated)
    stage = await staged(services, asked)
    company, cursor, played, everybody = Company(stage), "", 0, None
    await progress.tell(0, asked.most, "playing")
    while size := min(PAGE, asked.most - played):
        stored = await services.patients.range(cursor, BEYOND, size)
        await asyncio.to_thread(_play, company, stored, asked, stage.plan)
        played += len(stored)
        if len(stored) < size:
            everybody = played
            break
        cursor = stored[-1].record.key
        await progress.tell(played, min(asked.most, _guessed(played, cursor)))
    await progress.tell(played, played, "adding up")
    await asyncio.to_thread(company.close)
    people = everybody if everybody is not None else _guessed(played, cursor)
    return _told(asked, stage, report(company.counts, stage), played, people, sampled=everybody is None)


def _play(company: Company, stored: Sequence[Stored], asked: Simulated, plan: Plan) -> None:
    for found in stored:
        if found.record.erased is None:
            company.add(*unparcel(parcel(*_split(found.record, asked, plan))))


def _split(record: PatientRecord, asked: Simulated, plan: Plan) -> Any:
    return split(record, asked.arrivals, plan.start, plan.end)


def _guessed(played: int, cursor: str) -> int:
    """Guess how many there are: keys are evenly spread, so the last one says which part of all it was."""
    return max(played, round(played * 2**32 / (int(cursor[:8], 16) + 1)))


def _told(
    asked: Simulated, stage: Stage, made: Report, played: int, people: int, *, sampled: bool
) -> dict[str, Any]:
    figures = _fitting(msgspec.to_builtins(made) if asked.sees_people else _veiled(made))
    return {
        "journey": stage.main,
        "played": played,
        "people": people,
        "sampled": sampled,
        "notes": list(_notes(stage, figures, sampled=sampled)),
        "report": figures,
    }


def _fitting(figures: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is told by day where all of it would be too much to keep."""
    return figures if len(msgspec.json.encode(figures)) <= MOST_TOLD else _without(figures, _BY_DAY)


def _without(figures: Any, names: Sequence[str]) -> Any:
    if isinstance(figures, dict):
        return {name: _without(value, names) for name, value in figures.items() if name not in names}
    return [_without(each, names) for each in figures] if isinstance(figures, list) else figures


def _veiled(made: Report) -> dict[str, Any]:
    """Tell nothing exact, nor that there is somebody of whom nothing is told; costs are of what is told."""
    figures: dict[str, Any] = veil(made)
    told = {name: each for name, each in figures["channels"].items() if each["sent"] and each["parts"]}
    costs = {name: round(each["parts"] * each["price"], 2) for name, each in told.items()}
    channels = {name: {**each, "cost": costs[name]} for name, each in told.items()}
    suppressed = [each for each in figures["suppressed"] if each["count"]]
    cost = round(sum(costs.values(), 0.0), 2)
    return {**figures, "channels": channels, "suppressed": suppressed, "cost": cost}


def _notes(stage: Stage, figures: dict[str, Any], *, sampled: bool) -> Iterator[str]:
    if sampled:
        yield "a sample was played: `people` is a guess by the spread of keys, and figures are of the sample"
    if sampled and stage.gated:
        yield "limits let in as many of the sample as they would of all: fewer wait than would"
    if "days" not in figures:
        yield "what is told by day was left out: it was too much"
    journey = stage.catalogue.journeys.latest(stage.main)
    kind = journey.trigger.kind if journey is not None else ""
    if kind in ("manual", "event") and not stage.plan.enrol:
        yield "nobody enters such a journey by themselves: `enrol` puts people in"
    if kind == "fhir_change" and not stage.plan.enrol:
        yield "it begins when a resource changes: `arrivals` lets them arrive, `enrol` puts people in"
