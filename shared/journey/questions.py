"""Questions: which enrolments wait for an answer of the patient, and which of them a reply would answer.

Read by shared.journey.replies, and by shared.usecases.inbound, which asks the patient where several fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from shared.errors import AuthorFault
from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.journey.compile import CompiledJourney
from shared.journey.gate import GATE
from shared.journey.happened import Reply
from shared.journey.index import Journeys
from shared.journey.schedule import SCHEDULED
from shared.journey.steps.base import Asks, Goes, Standing
from shared.patient.engagement import ENGAGEMENT, SYSTEM, TO
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment

type Led = tuple[object, ...] | None
type Fit = Literal["plainly", "somehow", ""]
"""A reply is one of the answers that are asked for; or only something, which is an answer too; or nothing."""

_ANYTHING = "\u00a4"
"""A reply that is no word and no number: where it is an answer, anything would be."""


class OpenQuestion(Struct, frozen=True):
    """An enrolment that waits for an answer."""

    enrolment_id: str
    asked_at: Instant
    """When it last wrote."""
    title: str
    """Of its journey."""
    start: Instant | None = None
    """When the appointment begins that it is about."""


def open_questions(
    record: PatientRecord, channel: str, journeys: Journeys, address: str = ""
) -> tuple[OpenQuestion, ...]:
    """Return what a reply on a channel, from a contact point, may answer; what was asked last comes first.

    Where nothing is known to have been sent there, it is the one enrolment that waits, if there is but one:
    what became of its message is not known, or it asked by another way.
    """
    waiting = {e.enrolment_id: e for e in record.enrolments.values() if asks(e, journeys)}
    asked = _asked(record, frozenset(waiting), channel, address)
    if not asked and len(waiting) == 1:
        only = next(iter(waiting.values()))
        asked = {only.enrolment_id: (only.arrived or only.entered, "")}
    latest = sorted(asked, key=asked.__getitem__, reverse=True)
    return tuple(_question(record, waiting[each], asked[each][0], journeys) for each in latest)


def asks(enrolment: Enrolment, journeys: Journeys) -> bool:
    """Say whether an enrolment waits for an answer."""
    journey = journeys.get(enrolment.journey)
    step = journey.steps.get(enrolment.step) if journey is not None else None
    if journey is None or step is None or enrolment.arrived is None or enrolment.step in (SCHEDULED, GATE):
        return False
    return step.asks or journey.exits.asks


def how_fits(
    record: PatientRecord, question: OpenQuestion, reply: Reply, journeys: Journeys, now: Instant
) -> Fit:
    """Say whether a reply is an answer to a question: plainly, or as anything at all would be."""
    enrolment = record.enrolments[question.enrolment_id]
    journey = journeys.get(enrolment.journey)
    if journey is None:
        return ""
    standing = Standing(record, enrolment, now)
    reply = replace(reply, enrolment_id=enrolment.enrolment_id)
    came = _came(journey, standing, reply)
    if came is None:
        return ""
    anyhow = _came(journey, standing, replace(reply, text=_ANYTHING, meaning=""))
    return "somehow" if came == anyhow else "plainly"


def _came(journey: CompiledJourney, standing: Standing, reply: Reply) -> Led:
    """Return what a reply would lead to, but for its words: an exit, a step, another question; or None."""
    if done := journey.exits.why_done(standing, reply) or journey.exits.why_over(standing, reply):
        return (done,)
    step = journey.steps.get(standing.enrolment.step)
    try:
        outcome = step.heard(standing, reply) if step is not None and step.heard is not None else None
    except AuthorFault:
        return None
    match outcome:
        case None:
            return None
        case Goes(to=to, result=result):
            return "goes", to, result
        case Asks(results=results):
            said = reply.text.strip()
            return "asks", *sorted((name, "" if kept == said else kept) for name, kept in results.items())
        case _:
            return (type(outcome).__name__,)


def _question(record: PatientRecord, enrolment: Enrolment, at: Instant, journeys: Journeys) -> OpenQuestion:
    journey = journeys.get(enrolment.journey)
    assert journey is not None
    focus = record.facts.get(enrolment.focus) if enrolment.focus.startswith("Appointment/") else None
    start = focus.start if focus is not None else None
    return OpenQuestion(enrolment.enrolment_id, at, journey.title, start)


def _asked(
    record: PatientRecord, waiting: frozenset[str], channel: str, address: str
) -> dict[str, tuple[Instant, str]]:
    """Return when each of these wrote last to the contact point, and the message."""
    asked: dict[str, tuple[Instant, str]] = {}
    for fact in record.facts.coded(ENGAGEMENT, f"{SYSTEM}|sent") if waiting else ():
        if not _there(fact, channel, address):
            continue
        for enrolment_id in _whose(fact):
            if enrolment_id in waiting:
                latest = (fact.start or Instant(0), fact.resource_id)
                asked[enrolment_id] = max(asked.get(enrolment_id, latest), latest)
    return asked


def last_sent(record: PatientRecord, channel: str, address: str) -> Instant:
    """Return when the patient was last written to at a contact point."""
    sent = record.facts.coded(ENGAGEMENT, f"{SYSTEM}|sent")
    return max((f.start or Instant(0) for f in sent if _there(f, channel, address)), default=Instant(0))


def _there(fact: Fact, channel: str, address: str) -> bool:
    """Say whether a message went to a contact point; of an old one only the channel is known."""
    to = fact.attributes.get(TO, ())
    return channel in fact.attributes.get("channel", ()) and (not address or not to or address in to)


def _whose(fact: Fact) -> Iterator[str]:
    return (intent.partition("#")[0] for intent in fact.attributes.get("intent", ()))
