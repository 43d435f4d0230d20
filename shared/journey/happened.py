"""What journeys hear of: the things that a step may wait for, and that make somebody leave or arrive."""

from __future__ import annotations

from msgspec import Struct

from shared.effects import OutboxEffect
from shared.events import CustomEventReceived, SurveyAnswered
from shared.fhir.instants import Instant
from shared.patient.apply import FactChanged
from shared.patient.transition import SegmentChanged


class Reply(Struct, frozen=True):
    """The patient wrote back, and it is this enrolment that is taken to be answered."""

    enrolment_id: str
    channel: str
    text: str
    at: Instant
    meaning: str = ""
    """What it says in whichever language, as shared.message.understanding names it."""
    inbound_id: str = ""
    """Its own id."""


class CarriedOut(Struct, frozen=True):
    """What a step asked for outside has been done."""

    effect: OutboxEffect


class MessagesTold(Struct, frozen=True):
    """Something became known of messages: the facts of it are in the record."""


class TimePassed(Struct, frozen=True):
    """Nothing happened: only what holds now is looked at."""


type Happened = (
    FactChanged
    | SegmentChanged
    | Reply
    | CustomEventReceived
    | SurveyAnswered
    | MessagesTold
    | TimePassed
    | CarriedOut
)
