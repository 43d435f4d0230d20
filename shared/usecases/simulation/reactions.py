"""What a patient is supposed to make of a message: reports, a STOP, and perhaps an answer.

Called by shared.usecases.simulation.life for each message that was sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from msgspec import Struct

from shared.effects import SendMessage
from shared.events import CustomEventReceived, DeliveryReported, Event, InboundReceived, SurveyAnswered
from shared.fhir.calendar import add
from shared.fhir.instants import Instant
from shared.journey.steps.base import CompiledStep
from shared.patient.record import PatientRecord, identify
from shared.patient.state import Enrolment, Message
from shared.usecases.simulation.chance import share
from shared.usecases.simulation.filling import filled_in, replies
from shared.usecases.simulation.stage import Stage

_REPLIED = ("sms", "whatsapp")
"""Channels by which people answer."""


class Asked(Struct, frozen=True):
    """A message was read by somebody who may answer, if anything is asked by then."""

    message_id: str
    mood: str
    """What chance goes by: the same for the same message of two versions of a journey."""


type Coming = Event | Asked


def to_message(sent: SendMessage, mood: str, now: Instant, stage: Stage) -> Iterator[tuple[Instant, Coming]]:
    """Say what comes of a message, and when; chance goes by `mood`."""
    assumed, name = stage.plan.assumptions, sent.message_id

    def later(length: str) -> Instant:
        return add(now, assumed.length(length), stage.zone)

    def chance(what: str) -> float:
        return share(assumed.seed, mood, what)

    at = later("delivered-after")
    if chance("delivered") >= assumed.share("delivered", sent.channel):
        yield at, DeliveryReported(name, "failed", at, "supposed not to have arrived")
        return
    yield at, DeliveryReported(name, "delivered", at)
    interest = chance("opened")
    clicks = interest < assumed.share("clicked", sent.channel)
    if clicks or interest < assumed.share("opened", sent.channel):
        yield later("opened-after"), DeliveryReported(name, "opened", later("opened-after"))
    if clicks:
        yield later("clicked-after"), DeliveryReported(name, "clicked", later("clicked-after"))
    if sent.channel in _REPLIED and chance("stopped") < assumed.share("stopped", sent.channel):
        at = later("stop-after")
        yield at, InboundReceived(identify(name, "stop"), sent.channel, sent.to, "STOP", at)
    yield later("answer-after"), Asked(name, mood)


def answer(
    message: Message, mood: str, record: PatientRecord, now: Instant, stage: Stage
) -> InboundReceived | SurveyAnswered | None:
    """Return what the patient replies now to a message; None where nothing is asked, or they say nothing."""
    enrolment = record.enrolments.get(message.enrolment_id)
    step = _waits_at(enrolment, stage) if enrolment is not None else None
    if enrolment is None or step is None:
        return None
    chance = share(stage.plan.assumptions.seed, mood, "answer")
    if step.questionnaire is not None and not step.asks:
        return filled_in(step.questionnaire, enrolment, message, chance, now, stage)
    if not step.asks or message.channel not in _REPLIED:
        return None
    text = _choice(enrolment, step, chance, stage)
    if not text:
        return None
    return InboundReceived(identify(message.message_id, "answer"), message.channel, message.to, text, now)


def _waits_at(enrolment: Enrolment, stage: Stage) -> CompiledStep | None:
    journey = stage.catalogue.journeys.get(enrolment.journey)
    return (
        journey.steps.get(enrolment.step) if journey is not None and enrolment.arrived is not None else None
    )


def _choice(enrolment: Enrolment, step: CompiledStep, chance: float, stage: Stage) -> str:
    """Choose by chance among what is supposed, or evenly among the answers that the step knows."""
    assumed = stage.plan.assumptions
    said = assumed.answers_at(enrolment.step)
    if not said:
        words = stage.words.get((enrolment.journey, enrolment.step), ())
        if step.questionnaire is not None:
            words = replies(step.questionnaire, enrolment)
        said = dict.fromkeys(words, assumed.share("answered", "") / max(len(words), 1))
    bounds = accumulate(said.values())
    return next((text for text, bound in zip(said, bounds, strict=True) if chance < bound), "")


def to_entry(enrolment_id: str, now: Instant, stage: Stage) -> Iterator[tuple[Instant, Coming]]:
    """Say which custom events will happen for somebody who has begun a journey."""
    assumed = stage.plan.assumptions
    for name, part in assumed.events.items():
        if share(assumed.seed, enrolment_id, f"event {name}") < part:
            at = add(now, assumed.length("event-after"), stage.zone)
            yield at, CustomEventReceived(identify(enrolment_id, "event", name), name, at)
