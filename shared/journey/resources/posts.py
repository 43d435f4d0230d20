"""What webhooks are told: the bodies of PostWebhook effects, made by steps and read by adapters.

A Call goes out as it is (https://www.standardwebhooks.com: type, timestamp, data); a Notice becomes an
adaptive card where it is posted, as only there it is known how a link to the console reads.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from shared.effects import PostWebhook
from shared.fhir.instants import iso
from shared.journey.resources.written import journey_url
from shared.journey.steps.base import Standing


class Notice(Struct, frozen=True):
    """Something that a team is told: an author's words, and where to look. No patient data."""

    title: str
    text: str
    person: str
    """The patient's opaque key: for the link."""
    enrolment: str


class CallData(Struct, frozen=True, omit_defaults=True):
    """What a call is about: ids and what came of steps, nothing clinical."""

    journey: str
    step: str
    enrolment: str
    patient: str = ""
    """ "Patient/1"."""
    focus: str = ""
    """The resource that the enrolment hangs on."""
    more: dict[str, str] = {}
    """What the author added."""


class Call(Struct, frozen=True):
    """Something that another system is told."""

    type: str
    timestamp: str
    data: CallData


_encode = msgspec.json.Encoder().encode
_call = msgspec.json.Decoder(Call).decode
_notice = msgspec.json.Decoder(Notice).decode


def call(standing: Standing, to: str, event: str, more: dict[str, str]) -> PostWebhook:
    """Return the effect that tells another system of an event."""
    enrolment = standing.enrolment
    data = CallData(
        journey=journey_url(standing),
        step=enrolment.step,
        enrolment=enrolment.enrolment_id,
        patient=f"Patient/{standing.record.patient_id}",
        focus=enrolment.focus,
        more=more,
    )
    return _post(standing, to, _encode(Call(event, iso(standing.now), data)))


def notice(standing: Standing, to: str, title: str, text: str) -> PostWebhook:
    """Return the effect that tells a team something."""
    told = Notice(title, text, standing.record.key, standing.enrolment.enrolment_id)
    return _post(standing, to, _encode(told))


def _post(standing: Standing, to: str, body: bytes) -> PostWebhook:
    enrolment = standing.enrolment
    post_id = standing.identify("post")
    return PostWebhook(post_id, to, body, enrolment.enrolment_id, enrolment.step, standing.now)


def read_notice(body: bytes) -> Notice:
    """Read a body that `notice` made."""
    return _notice(body)


def without_patient(body: bytes) -> bytes:
    """Leave out of a body that `call` made whom it is about: for receivers that are not to know."""
    told = _call(body)
    data = CallData(told.data.journey, told.data.step, told.data.enrolment, more=told.data.more)
    return _encode(Call(told.type, told.timestamp, data))
