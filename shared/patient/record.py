"""PatientRecord: everything a decision reads of one patient, and the Decision that comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal
from uuid import UUID, uuid5

from msgspec import Struct, field

from shared.effects import Effect, OutboxEffect
from shared.fhir.choice import Choice
from shared.fhir.fact import Person
from shared.fhir.instants import Instant
from shared.patient.facts import Facts
from shared.patient.state import Enrolment, JourneyHistory, Membership, Message, Unusable

NAMESPACE = UUID("6f2d9a54-2f0b-5c3e-9a54-6b1d0f7c8e21")
"""Namespace of every uuid5 that Hearthline makes."""


def identify(*parts: object) -> str:
    """Derive an id from what it identifies: the same parts give the same uuid5, everywhere and always."""
    return str(uuid5(NAMESPACE, "\x1f".join(map(str, parts))))


def patient_key(patient_id: str) -> str:
    """Return the opaque partition key of the patient with this FHIR id."""
    return identify("Patient", patient_id).replace("-", "")


class PatientRecord(Struct, frozen=True):
    """The projection of one Patient compartment, with our own state; all mappings are never mutated."""

    key: str
    """Opaque partition key: patient_key(patient_id)."""
    patient_id: str
    person: Person | None = None
    facts: Facts = field(default_factory=Facts)
    memberships: Mapping[str, Membership] = {}
    """By segment url. A segment of which the patient is no member, with no flip to come, is absent."""
    enrolments: Mapping[str, Enrolment] = {}
    """Active and on-hold ones, by id; ended ones live on in `history` and the timeline."""
    messages: Mapping[str, Message] = {}
    """Those still moving, by id; the others are rows of their own."""
    opt_outs: tuple[Choice, ...] = ()
    """What somebody said no to, each until it is taken back."""
    history: Mapping[str, JourneyHistory] = {}
    """By journey url."""
    outbox: Mapping[str, OutboxEffect] = {}
    """Effects committed and not yet known to be done, by effect id."""
    contacts: tuple[str, ...] = ()
    """Contact points "channel|address" that the index knows as this patient's, for replies."""
    replies: tuple[str, ...] = ()
    """Ids of the latest replies, events and askings taken in, oldest first, a bounded number: none is heard
    twice."""
    catalogue: str = ""
    """Version of the catalogue that the memberships were evaluated against."""
    sequence: int = 0
    """How many commits made this record; numbers the timeline rows."""
    lens: str = ""
    """Digest of the lens (shared.fhir.lens) through which all facts here have been looked at."""
    opt_ins: tuple[Choice, ...] = ()
    """What somebody said yes to, or took a no back from."""
    unusable: tuple[Unusable, ...] = ()
    """Contact points that nothing is sent to."""
    erased: Instant | None = None
    """When the person was forgotten: nothing more is taken in, and nothing ever sent."""

    def is_member(self, segment: str) -> bool:
        """Say whether the patient is in a segment (by url)."""
        held = self.memberships.get(segment)
        return held is not None and held.member

    @property
    def next_due(self) -> Instant | None:
        """Return the earliest instant at which something happens here with no new data."""
        return min(self._dues(), default=None)

    def _dues(self) -> Iterator[Instant]:
        for membership in self.memberships.values():
            if membership.next_flip is not None:
                yield membership.next_flip
        for enrolment in self.enrolments.values():
            if enrolment.status == "active" and enrolment.due is not None:
                yield enrolment.due
            if enrolment.ends is not None:
                yield enrolment.ends
        for message in self.messages.values():
            if message.status == "preparation":
                yield message.due

    def ready_messages(self, now: Instant) -> tuple[Message, ...]:
        """Return the messages that should be sent now, oldest intent first."""
        ready = [m for m in self.messages.values() if m.status == "preparation" and m.due <= now]
        return tuple(sorted(ready, key=lambda m: (m.due, m.created, m.message_id)))


class TimelineLine(Struct, frozen=True):
    """One thing that happened, with the reason, in words that staff read."""

    at: Instant
    kind: Literal["fact", "segment", "journey", "message", "inbound", "fault"]
    text: str
    refs: tuple[str, ...] = ()
    """What it is about: resource references, definition urls, message ids."""


class Decision(Struct, frozen=True):
    """What an event means for a patient: the new record, what to do, and why."""

    record: PatientRecord
    effects: tuple[Effect, ...] = ()
    timeline: tuple[TimelineLine, ...] = ()
    messages: tuple[Message, ...] = ()
    """Messages whose row must be written: all that changed."""

    def then(self, following: Decision) -> Decision:
        """Return this decision followed by another that started from this one's record."""
        latest = {m.message_id: m for m in (*self.messages, *following.messages)}
        return Decision(
            record=following.record,
            effects=self.effects + following.effects,
            timeline=self.timeline + following.timeline,
            messages=tuple(latest.values()),
        )
