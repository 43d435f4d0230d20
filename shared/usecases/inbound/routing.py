"""Routing: whom a reply concerns, and which question of theirs it answers; reads nothing, writes nothing.

A phone may be a family's, and one patient may have been asked two things: a guess would put an answer into
the wrong record, so where several questions fit alike the sender is asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from shared.events import InboundReceived
from shared.fhir.instants import Instant
from shared.journey.happened import Reply
from shared.journey.index import Journeys
from shared.journey.questions import Fit, OpenQuestion, how_fits, last_sent, open_questions
from shared.message.asking import Offer
from shared.message.consent import settles
from shared.message.contact import addresses
from shared.message.locales import choose_name
from shared.message.policy import Policy
from shared.message.unclear import ABOUT_A_VISIT, ahead
from shared.patient.lost import why_lost
from shared.patient.record import PatientRecord

NOTHING = "-"
"""`about` of a reply that answers no question."""


class Delivery(Struct, frozen=True):
    """An event for one patient."""

    key: str
    event: InboundReceived


class Ask(Struct, frozen=True):
    """The sender is to be asked which of these is meant."""

    offers: tuple[Offer, ...]


class Asked(Struct, frozen=True):
    """A question of one of the patients, and how the reply fits it."""

    record: PatientRecord
    question: OpenQuestion
    fit: Fit


class Scene(Struct, frozen=True):
    """Everything that routing looks at."""

    event: InboundReceived
    """With its meaning; about nothing yet."""
    address: str
    """The contact point it came from, normalised."""
    records: tuple[PatientRecord, ...]
    """Of everybody who was written to there, by key."""
    journeys: Journeys
    policy: Policy
    now: Instant

    @property
    def present(self) -> tuple[PatientRecord, ...]:
        """Return those who can be meant: the dead and those merged away are asked nothing."""
        there = tuple(r for r in self.records if r.erased is None and not why_lost(r.person))
        return there or self.records

    @property
    def latest(self) -> PatientRecord:
        """Return who was written to last there: this one writes back."""
        return max(self.present, key=lambda r: last_sent(r, self.event.channel, self.address))


def route(scene: Scene) -> tuple[Delivery, ...] | Ask:
    """Say which patients hear a reply, and as the answer to what."""
    event = scene.event
    asked = questions(scene)
    plain = [each for each in asked if each.fit == "plainly"]
    confirming = _confirming(scene, plain)
    if confirming is not None:
        return (_to(confirming, event, NOTHING),)
    if event.meaning in ABOUT_A_VISIT and not plain and scene.policy.questions_to_staff:
        return (_to(_visitor(scene), event, NOTHING),)
    fitting = plain or [each for each in asked if each.fit == "somehow"] or asked
    if len(fitting) == 1:
        return (_to(fitting[0].record, event, fitting[0].question.enrolment_id),)
    if not fitting or event.meaning == "thanks":
        return (_to(_owner(scene), event, NOTHING),)
    return Ask(tuple(_offer(each) for each in fitting))


def to_all(scene: Scene) -> tuple[Delivery, ...]:
    """Let everybody at the contact point hear a reply; one of them writes back."""
    first = scene.latest.key
    return tuple(
        Delivery(r.key, replace(scene.event, about=NOTHING, answering=r.key == first)) for r in scene.records
    )


def answers_another(scene: Scene) -> bool:
    """Say whether a reply is no choice between questions, but the answer to just one, or mere thanks."""
    plain = [each for each in questions(scene) if each.fit == "plainly"]
    return scene.event.meaning == "thanks" or len(plain) == 1


def questions(scene: Scene) -> list[Asked]:
    """Return the open questions of everybody there, what was asked first comes first."""
    event = scene.event
    reply = Reply("", event.channel, event.text, event.at, event.meaning)
    found = [
        Asked(record, question, how_fits(record, question, reply, scene.journeys, scene.now))
        for record in scene.present
        for question in open_questions(record, event.channel, scene.journeys, scene.address)
    ]
    return sorted(found, key=lambda each: (each.question.asked_at, each.question.enrolment_id))


def _confirming(scene: Scene, plain: Sequence[Asked]) -> PatientRecord | None:
    """Return who was asked to confirm a yes to messages, where this is the answer to no other question."""
    if plain:
        return None
    return next((r for r in scene.present if settles(r, scene.event, scene.policy)), None)


def _owner(scene: Scene) -> PatientRecord:
    """Return the patient whose own contact point it is, else who was written to last."""
    own = [record for record in scene.present if _is_own(record, scene)]
    return own[0] if len(own) == 1 else scene.latest


def _visitor(scene: Scene) -> PatientRecord:
    """Return the one patient there who has an appointment ahead, else whose contact point it is."""
    coming = [record for record in scene.present if ahead(record, scene.now)]
    return coming[0] if len(coming) == 1 else _owner(scene)


def _is_own(record: PatientRecord, scene: Scene) -> bool:
    person = record.person
    if person is None:
        return False
    return scene.address in addresses(person, scene.event.channel, scene.now, scene.policy.region)


def _to(record: PatientRecord, event: InboundReceived, about: str) -> Delivery:
    return Delivery(record.key, replace(event, about=about))


def _offer(asked: Asked) -> Offer:
    record, question = asked.record, asked.question
    name = choose_name(record.person.names) if record.person is not None else None
    given = name.given[0] if name is not None and name.given else ""
    return Offer(record.key, question.enrolment_id, given, question.asked_at, question.start)
