"""Stage: what every patient of a dry run meets: the catalogue, the span, and what is supposed of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from shared.catalogue import Catalogue, Document, build_catalogue
from shared.fhir.instants import Instant
from shared.journey.answers import Number
from shared.journey.definition import JourneyDefinition, parse_journey
from shared.journey.steps.task import TaskStep
from shared.journey.steps.wait_for import WaitForStep
from shared.message.policy import Policy
from shared.patient.record import PatientRecord
from shared.usecases.simulation.assumptions import Assumptions
from shared.usecases.simulation.slots import FreeSlot

type Words = Mapping[tuple[str, str], tuple[str, ...]]
"""By journey (canonical) and step, one reply for each answer that the step knows."""

VERSION = "1-simulation"
EVERYBODY = "everybody"


class Plan(Struct, frozen=True):
    """What to play; all data, so that other processes can be handed it."""

    documents: tuple[Document, ...]
    policy: Policy
    assumptions: Assumptions
    start: Instant
    end: Instant
    slots: tuple[FreeSlot, ...] | None = None
    """Free slots that the data name; None where they name none."""
    enrol: str = ""
    """Whom to put into the journey at the start, beside whom its trigger means: the members of a segment, by
    url, or EVERYBODY."""


class Stage(Struct, frozen=True):
    """A plan made ready."""

    plan: Plan
    catalogue: Catalogue
    words: Words
    tasks: Mapping[tuple[str, str], str]
    """By journey (url) and step, what staff are to do, in the author's words: nothing of a patient in it."""
    zone: tzinfo
    """The organisation's."""

    @property
    def gated(self) -> bool:
        """Say whether some journey lets in only so many at a time: then everybody must be played together."""
        return any(journey.limits is not None for journey in self.catalogue.journeys)

    @property
    def main(self) -> str:
        """Return the url of the journey that the dry run is about: the first."""
        return next(str(d.body.get("url")) for d in self.plan.documents if d.kind == "journey")

    def enrols(self, record: PatientRecord) -> bool:
        """Say whether a patient is to be put into the journey at the start."""
        held = record.memberships.get(self.plan.enrol)
        return self.plan.enrol == EVERYBODY or (held is not None and held.member)


def set_stage(plan: Plan) -> Stage:
    """Compile the definitions of a plan. Raises Invalid with every Problem."""
    catalogue = build_catalogue(plan.documents, VERSION, plan.policy)
    journeys = [parse_journey(d.body, d.where) for d in plan.documents if d.kind == "journey"]
    words = {key: said for journey in journeys for key, said in _words(journey)}
    tasks = {(j.url, step.id): step.title for j in journeys for step in j.steps if isinstance(step, TaskStep)}
    return Stage(plan, catalogue, words, tasks, ZoneInfo(plan.policy.zone))


def prepared(record: PatientRecord, catalogue: Catalogue) -> PatientRecord:
    """Return a record as if this catalogue were published now, without what other definitions put there."""
    known = {journey.canonical for journey in catalogue.journeys}
    segments = {segment.url for segment in catalogue.segments.all}
    return replace(
        record,
        memberships={url: held for url, held in record.memberships.items() if url in segments},
        enrolments={k: e for k, e in record.enrolments.items() if e.journey in known},
        messages={k: m for k, m in record.messages.items() if m.journey in known},
        outbox={},
        catalogue="",
        lens="",
    )


def _words(journey: JourneyDefinition) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    for step in journey.steps:
        if isinstance(step, WaitForStep) and any(case.when.answer for case in step.cases):
            yield (journey.canonical, step.id), tuple(_replies(step))


def _replies(step: WaitForStep) -> Iterator[str]:
    for answer in (case.when.answer for case in step.cases if case.when.answer):
        if answer.words:
            yield answer.words[0]
        elif answer.number is not None:
            yield f"{_some(answer.number):g}"
        else:
            yield "I am not sure"


def _some(number: Number) -> float:
    bounds: Sequence[float] = [n for n in (number.at_least, number.at_most) if n is not None]
    return bounds[0] if bounds else 1.0
