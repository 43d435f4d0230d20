"""One patient's life on the pure core: what happens is decided, sent, carried out and written down."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shared.catalogue import Catalogue, Document, build_catalogue
from shared.decide import decide
from shared.effects import (
    IndexEnrolment,
    IndexMember,
    OutboxEffect,
    PostWebhook,
    SendMessage,
    WriteResource,
)
from shared.events import (
    DeliveryReported,
    EffectRefused,
    EffectsDone,
    EnrolmentAsked,
    Event,
    SendDue,
    SendSettled,
    WakeupDue,
)
from shared.fhir.fact import ContactPoint, Name, Person
from shared.fhir.instants import Instant, parse_instant
from shared.journey.controls import FREE, Controls
from shared.message.policy import Policy
from shared.patient.messages import keep_message
from shared.patient.packing import pack, unpack
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.patient.state import Message
from tests.unit.journey.machine_watch import Watch
from tests.unit.journey.random_journeys import COMMON
from tests.unit.journey.random_steps import Json

START = parse_instant("2026-03-01T12:00:00Z")
POLICY = Policy(zone="America/New_York")
PHONE, EMAIL = "+12125550142", "a@example.org"
PERSON = Person(
    "p1",
    "1",
    START,
    birth_date="1980-02-29",
    gender="female",
    names=(Name("official", "Lopez", ("Ana",)),),
    telecom=(ContactPoint("phone", PHONE, "mobile"), ContactPoint("email", EMAIL)),
    languages=("en",),
    attributes={"time-zone": ("Europe/Madrid",)},
)
MOST_WAKINGS = 60
"""Of one sleep: with sending switched off messages look every hour whether they may go."""
MOST_AT_ONCE = 8
"""Wake-ups at one instant, after which somebody is busy with nothing."""


class Lived(Struct, frozen=True):
    """One event of a history: when, and which publication was the latest."""

    event: Event
    now: Instant
    publication: int


class Life:
    """A record, what is published, and the time; every decision is watched."""

    def __init__(self, journeys: Iterable[Json]) -> None:
        self.now = START
        self.documents = [*COMMON, *map(_document, journeys)]
        self.versions = {document.body["url"]: 1 for document in self.documents}
        self.since = dict.fromkeys((document.canonical for document in self.documents), 1)
        self.controls = FREE
        self.catalogues: list[Catalogue] = []
        self.publish()
        self.record = PatientRecord(patient_key("p1"), "p1")
        self.lived: list[Lived] = []
        self.watch = Watch()
        self.answers: deque[SendSettled] = deque()
        self.sent: list[str] = []
        self.rows: dict[str, Message] = {}
        """Messages as their own rows have them."""
        self.prompt = False
        """Whether everybody is looked at whenever something is published, not only now and then."""
        self.outside = True
        """Whether what is in the outbox can be carried out."""
        self.refusals = 0
        """How many of the next resources and calls the world refuses."""

    @property
    def catalogue(self) -> Catalogue:
        """Return what is published."""
        return self.catalogues[-1]

    def publish(self, *journeys: Json, controls: Controls | None = None) -> None:
        """Publish new versions of journeys, or switch something."""
        number = len(self.catalogues) + 1
        for body in journeys:
            self.versions[body["url"]] += 1
            document = _document({**body, "version": str(self.versions[body["url"]])})
            self.since[document.canonical] = number
            self.documents.append(document)
        self.controls = controls or self.controls
        made = build_catalogue(self.documents, f"{number}-x", POLICY, self.since, controls=self.controls)
        self.catalogues.append(made)

    def happen(self, *events: Event) -> None:
        """Let events happen now, and all that follows at once."""
        for event in events:
            self._decide(event)
        self._rest()

    def sleep(self, until: Instant) -> None:
        """Let time pass, waking whenever the record asked for it; less where it asks very often."""
        for _ in range(MOST_WAKINGS):
            due = self.record.next_due
            if due is None or due > until:
                self.now = until
                return
            assert due > self.now, "it sleeps past its due"
            self.now = due
            self._wake()

    def _wake(self) -> None:
        before = self.record
        self.happen(WakeupDue(self.now))
        assert self.record != before, "it was woken for nothing"

    def _decide(self, event: Event) -> tuple[SendMessage, ...]:
        decision = self._told(event)
        sends = tuple(effect for effect in decision.effects if isinstance(effect, SendMessage))
        self.sent += (send.message_id for send in sends)
        return sends

    def _told(self, event: Event) -> Decision:
        before = recalled(self.record, event, self.rows)
        decision = decide(before, event, self.catalogue, self.now)
        self.record = committed(self.record, before, decision, self.rows)
        self.lived.append(Lived(event, self.now, len(self.catalogues)))
        wrong = self.watch.decided(before, event, decision, self.catalogue, self.now)
        assert not wrong, f"{event}: {wrong}"
        if not isinstance(event, EnrolmentAsked):
            after = recalled(self.record, event, self.rows)
            again = decide(after, event, self.catalogue, self.now)
            assert again.record is after, f"told again, it is not as before: {event}"
            more = (*again.timeline, *again.messages, *again.effects)
            assert not more, f"told again: {event}: {more}"
        return decision

    def _rest(self) -> None:
        """Send what is ready and carry out the outbox until there is nothing left to do now."""
        for _ in range(MOST_AT_ONCE):
            for message in self.record.ready_messages(self.now):
                for send in self._decide(SendDue(message.message_id, "t")):
                    self._answer(send)
            self._carry_out()
            due = self.record.next_due
            if due is None or due > self.now:
                break
            self._decide(WakeupDue(due))
        else:
            raise AssertionError("it never comes to rest")
        wrong = list(self.watch.rested(self.record, self.catalogue))
        assert not wrong, wrong

    def _answer(self, send: SendMessage) -> None:
        said = self.answers.popleft() if self.answers else SendSettled("", "accepted", "x")
        if said.reason != "silence":
            self._decide(replace(said, message_id=send.message_id))

    def _carry_out(self) -> None:
        if self.record.outbox and self.outside:
            done = tuple(self._not_refused(self.record.outbox.values()))
            self.watch.carried_out(done)
            self._decide(EffectsDone(done))

    def _not_refused(self, effects: Iterable[OutboxEffect]) -> Iterator[OutboxEffect]:
        for effect in effects:
            if self.refusals and isinstance(effect, WriteResource | PostWebhook):
                self.refusals -= 1
                self._decide(EffectRefused(effect, "no such thing"))
            else:
                yield effect


def recalled(record: PatientRecord, event: Event, rows: Mapping[str, Message]) -> PatientRecord:
    """Take back a message that a late word concerns, as the use cases do."""
    late = isinstance(event, DeliveryReported | SendSettled) and event.message_id not in record.messages
    return keep_message(record, rows[event.message_id]) if late and event.message_id in rows else record


def committed(
    held: PatientRecord, before: PatientRecord, decision: Decision, rows: dict[str, Message]
) -> PatientRecord:
    """Return the record as a commit leaves it; nothing is written where nothing came of it."""
    if decision.record is before and not decision.messages:
        return held
    rows |= {message.message_id: message for message in decision.messages}
    return replace(decision.record, sequence=held.sequence + 1)


def relive(
    life: Life,
    *,
    stored: bool = False,
    meanwhile: Callable[[int], Iterable[Event]] = lambda _: (),
) -> PatientRecord:
    """Live the same history again, from nothing; `stored` packs the record between any two events.

    `meanwhile` names the events that come once more after the one of a number.
    """
    record = PatientRecord(life.record.key, life.record.patient_id)
    chunks: dict[str, bytes] = {}
    rows: dict[str, Message] = {}
    for number, lived in enumerate(life.lived):
        for event in (lived.event, *meanwhile(number)):
            happens = _now_done(record, event) if isinstance(event, EffectsDone) else event
            before = recalled(record, happens, rows)
            decision = decide(before, happens, life.catalogues[lived.publication - 1], lived.now)
            record = committed(record, before, decision, rows)
            if stored:
                chunks |= pack(record)
                record = unpack(record.key, chunks)
    return record


def _now_done(record: PatientRecord, event: EffectsDone) -> EffectsDone:
    """Carry out the same as then, by whatever commit it was asked for."""
    done = {effect.effect_id: _unordered(effect) for effect in event.done}
    same = (effect for name, effect in record.outbox.items() if done.get(name) == _unordered(effect))
    return EffectsDone(tuple(same))


def alike(one: PatientRecord, other: PatientRecord) -> bool:
    """Say whether two records are the same but for how many commits made them."""
    return _uncounted(one) == _uncounted(other)


def _uncounted(record: PatientRecord) -> PatientRecord:
    outbox = {name: _unordered(effect) for name, effect in record.outbox.items()}
    return replace(record, sequence=0, outbox=outbox)


def _unordered(effect: OutboxEffect) -> OutboxEffect:
    return replace(effect, order=0) if isinstance(effect, IndexEnrolment | IndexMember) else effect


def _document(body: dict[str, Any]) -> Document:
    return Document("journey", f"{body['url'].rpartition('/')[2]}.yaml", body)
