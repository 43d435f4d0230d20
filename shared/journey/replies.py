"""The engine's doors for what comes back: an answer of the patient, and what became of messages."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from shared.events import InboundReceived
from shared.fhir.canonical import split_canonical
from shared.fhir.instants import Instant
from shared.journey.finish import finished
from shared.journey.happened import MessagesTold, Reply
from shared.journey.heed import heed
from shared.journey.index import Journeys
from shared.journey.questions import open_questions
from shared.journey.sprint import SendIntent, Sprint
from shared.patient.record import PatientRecord
from shared.patient.state import Message


def on_reply(record: PatientRecord, inbound: InboundReceived, journeys: Journeys, now: Instant) -> Sprint:
    """Let the enrolment hear the answer that it is for; where nobody has said, the one that asked last."""
    open_now = () if inbound.about else open_questions(record, inbound.channel, journeys)
    about = inbound.about or next((question.enrolment_id for question in open_now), "")
    said = (inbound.channel, inbound.text, inbound.at, inbound.meaning, inbound.inbound_id)
    reply = Reply(about, *said)
    return finished(heed(Sprint(record), journeys, reply, now), journeys, now)


def on_lost(record: PatientRecord, messages: Sequence[Message], journeys: Journeys) -> Sprint:
    """Try the next channel for what did not arrive; before journeys hear of it, who may not give up yet."""
    sprint = Sprint(record)
    for message in messages:
        sprint = _fall_back(sprint, message, journeys)
    return sprint


def on_messages(record: PatientRecord, journeys: Journeys, now: Instant) -> Sprint:
    """Let journeys hear that something became known of messages."""
    return finished(heed(Sprint(record), journeys, MessagesTold(), now), journeys, now)


def _fall_back(sprint: Sprint, message: Message, journeys: Journeys) -> Sprint:
    lost = message.status == "not-done" and message.attempts > 0
    unusable = any((p.channel, p.address) == (message.channel, message.to) for p in sprint.record.unusable)
    journey = journeys.get(message.journey)
    step = journey.steps.get(message.step) if journey is not None else None
    if not (lost or message.delivery == "failed") or step is None or not (step.fallback or unusable):
        return sprint
    tried = step.channels.index(message.channel) if message.channel in step.channels else len(step.channels)
    # Where the contact point was at fault there may be another one for the same channel.
    left = step.channels[tried if unusable else tried + 1 :]
    history = sprint.record.history.get(split_canonical(message.journey)[0])
    gone = history is not None and message.enrolment_id in history.left
    if not left or gone or journeys.stopped(message.journey):
        return sprint
    intent = SendIntent(
        message.enrolment_id,
        message.sequence,
        message.step,
        message.journey,
        step.template,
        left,
        message.focus,
        message.message_id,
        step.to,
        message.values,
    )
    return replace(sprint, intents=(*sprint.intents, intent))
