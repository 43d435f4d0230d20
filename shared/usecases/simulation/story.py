"""One patient's future, told step by step with the reasons: what `hearthline journey explain` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from shared.effects import AnswerAppointment, PostWebhook, SendMessage, WriteResource
from shared.events import (
    CustomEventReceived,
    DeliveryReported,
    Event,
    InboundReceived,
    ResourceChanged,
    SurveyAnswered,
)
from shared.fhir.instants import Instant
from shared.patient.messages import by
from shared.patient.record import Decision, PatientRecord, TimelineLine


class Moment(Struct, frozen=True):
    """Something that happens, and when."""

    at: Instant
    kind: str
    """Of the timeline: segment, journey, message, inbound, fact, fault; or "supposed" for what nobody knows,
    "sends" for the text of a message, "asks" for what is to be done outside."""
    text: str


class Story:
    """Watches one life, and remembers it in words."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []

    @property
    def begun(self) -> Iterable[str]:
        """See Watch; another one keeps count of enrolments."""
        return ()

    def saw(self, now: Instant, events: Sequence[Event], before: PatientRecord, decision: Decision) -> None:
        """See Watch."""
        for event in events:
            self.moments += (Moment(now, "supposed", text) for text in _supposed(event, before))
        self.moments += (_line(line) for line in decision.timeline)
        for effect in decision.effects:
            if isinstance(effect, SendMessage):
                words = " ⏎ ".join(filter(None, [effect.subject, *effect.text.splitlines()]))
                self.moments.append(Moment(now, "sends", f"{by(effect.channel)} to {effect.to}: {words}"))
        self.moments += (Moment(now, "asks", text) for text in _asked(decision.record))


def _line(line: TimelineLine) -> Moment:
    return Moment(line.at, line.kind, line.text)


def _supposed(event: Event, before: PatientRecord) -> Iterator[str]:
    match event:
        case DeliveryReported(message_id=message_id, status=status):
            yield f"the message by {by(before.messages[message_id].channel)} is {_WORDS[status]}"
        case InboundReceived(channel=channel, text=text):
            yield f"the patient replies by {by(channel)}: {text}"
        case SurveyAnswered(answers=answers):
            yield f"the survey is filled in: {len(answers)} answer{'' if len(answers) == 1 else 's'}"
        case CustomEventReceived(name=name):
            yield f"event {name}"
        case ResourceChanged(content=content):
            yield f"{content.reference} arrives"


_WORDS = {"delivered": "delivered", "failed": "not delivered", "opened": "opened", "clicked": "clicked"}


def _asked(record: PatientRecord) -> Iterator[str]:
    for effect in record.outbox.values():
        if isinstance(effect, WriteResource):
            yield f"write a {effect.resource_type} for step {effect.step}"
        elif isinstance(effect, PostWebhook):
            yield f"call {effect.to} for step {effect.step}"
        elif isinstance(effect, AnswerAppointment):
            yield f"{effect.action} {effect.appointment} for step {effect.step}"
