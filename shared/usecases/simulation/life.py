"""One patient on a virtual clock: what is due, what comes, what follows; in memory, nothing is written.

Goes the way of shared.usecases.react: decide, claim what is ready, settle, until nothing follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from typing import Protocol

from msgspec.structs import replace

from shared.decide import decide_all
from shared.effects import AnswerAppointment, SendMessage
from shared.events import (
    DefinitionsPublished,
    DeliveryReported,
    EffectsDone,
    EnrolAsked,
    Event,
    SendDue,
    SendSettled,
    WakeupDue,
)
from shared.fhir.instants import MINUTE, Instant
from shared.patient.messages import keep_message
from shared.patient.record import Decision, PatientRecord
from shared.patient.state import Message
from shared.usecases.simulation.reactions import Asked, Coming, answer, to_entry, to_message
from shared.usecases.simulation.stage import Stage

ROUNDS = 20
"""Rounds of decide and settle for one event, as in shared.usecases.react."""


class Watch(Protocol):
    """Sees everything that happens to a patient."""

    def saw(self, now: Instant, events: Sequence[Event], before: PatientRecord, decision: Decision) -> None:
        """See one decision; the outbox of its record holds what this decision put there, and no more."""
        ...

    @property
    def begun(self) -> Iterable[str]:
        """Return the ids of the enrolments that this decision let into a journey."""
        ...


class Life:
    """What one patient goes through. `step` does what comes next, `due` says when that is."""

    __slots__ = ("_coming", "_count", "_idle", "_rows", "_said", "now", "record", "stage", "watch")

    def __init__(
        self,
        record: PatientRecord,
        stage: Stage,
        watch: Watch,
        arrivals: Iterable[tuple[Instant, Event]] = (),
    ) -> None:
        self.record = record
        self.stage, self.watch, self.now = stage, watch, stage.plan.start
        self._coming: list[tuple[Instant, int, Coming]] = []
        self._count = 0
        self._rows: dict[str, Message] = {}
        self._said: Counter[str] = Counter()
        self._idle: Instant | None = None
        self._expect(arrivals)

    def begin(self) -> None:
        """Look at the patient as of the start, as a publication does."""
        self.react([DefinitionsPublished()], self.now)
        if self.stage.enrols(self.record):
            self.react([EnrolAsked(self.stage.main, "dry run", "put in for a dry run")], self.now)

    @property
    def due(self) -> Instant | None:
        """Return when something happens next; None where nothing does before the end."""
        wakes = self.record.next_due
        if wakes is not None and wakes == self._idle:
            wakes = None
        elif wakes is not None and wakes <= self.now:  # still due after a wake-up: the next one sees to it
            wakes = Instant(self.now + MINUTE)
        comes = self._coming[0][0] if self._coming else None
        found = min((at for at in (wakes, comes) if at is not None), default=None)
        return found if found is not None and found < self.stage.plan.end else None

    def step(self) -> None:
        """Do what comes next: what is due before what arrives at the same instant."""
        now = self.due
        assert now is not None
        self.now, wakes = now, self.record.next_due
        if wakes is not None and wakes <= now and wakes != self._idle:
            before = self.record
            self.react([WakeupDue(wakes)], now)
            self._idle = wakes if self.record is before else None
        else:
            _, _, coming = heappop(self._coming)
            self._comes(coming)

    def meet(self, event: Event, now: Instant) -> None:
        """Let something happen that comes from elsewhere, no earlier than what happened before."""
        self.now = now
        self.react([event], now)

    def _comes(self, coming: Coming) -> None:
        event: Event | None
        if isinstance(coming, Asked):
            row = self._rows[coming.message_id]
            event = answer(row, coming.mood, self.record, self.now, self.stage)
        else:
            event = coming
        if event is not None:
            self.react([event], self.now)

    def react(self, events: Sequence[Event], now: Instant) -> None:
        """Let events happen, and what follows from them at once."""
        for _ in range(ROUNDS):
            before = self._recalled(events)
            decision = self._decided(before, events, now)
            if decision.record is before and not decision.timeline and not decision.messages:
                return
            self._take(now, events, before, decision)
            sends = [effect for effect in decision.effects if isinstance(effect, SendMessage)]
            events = [SendSettled(sent.message_id, "accepted", sent.message_id) for sent in sends]
            if self.record.outbox:
                events.append(EffectsDone(tuple(self.record.outbox.values())))
            if not events:
                return

    def _decided(self, before: PatientRecord, events: Sequence[Event], now: Instant) -> Decision:
        catalogue = self.stage.catalogue
        decision = decide_all(before, events, catalogue, now)
        ready = decision.record.ready_messages(now)
        if not ready:
            return decision
        claims = [SendDue(message.message_id, "dry run") for message in ready]
        return decision.then(decide_all(decision.record, claims, catalogue, now))

    def _recalled(self, events: Sequence[Event]) -> PatientRecord:
        """Take back into the record the messages that a late word concerns: the loop reads their rows."""
        record = self.record
        for event in events:
            if isinstance(event, DeliveryReported) and event.message_id not in record.messages:
                record = keep_message(record, self._rows[event.message_id])
        return record

    def _take(self, now: Instant, events: Sequence[Event], before: PatientRecord, decision: Decision) -> None:
        self.watch.saw(now, events, before, decision)
        for message in decision.messages:
            self._rows[message.message_id] = message
        for effect in decision.effects:
            if isinstance(effect, SendMessage):
                self._expect(to_message(effect, self._mood(effect.message_id), now, self.stage))
        for enrolment_id in self.watch.begun:
            self._expect(to_entry(enrolment_id, now, self.stage))
        waited = {k: e for k, e in decision.record.outbox.items() if isinstance(e, AnswerAppointment)}
        self.record = replace(decision.record, outbox=waited) if decision.record.outbox else decision.record

    def _mood(self, message_id: str) -> str:
        """Name a message by its step, and the how manieth it is there: so is its like in another version."""
        row = self._rows[message_id]
        place = f"{row.enrolment_id} {row.step}"
        self._said[place] += 1
        return f"{place} {self._said[place]}"

    def _expect(self, coming: Iterable[tuple[Instant, Coming]]) -> None:
        for at, what in coming:
            self._count += 1
            heappush(self._coming, (at, self._count, what))
