"""What must hold after every decision on a journey, whatever happened; a sentence for what does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from shared.catalogue import Catalogue
from shared.effects import IndexEnrolment, IndexMember, IndexReference, OutboxEffect, SendMessage
from shared.events import (
    ClaimsAbandoned,
    DeliveryReported,
    EffectRefused,
    EffectsDone,
    Event,
    InboundReceived,
    PostDelayed,
    RecordMerged,
    SendDue,
    SendPostponed,
    SendSettled,
)
from shared.fhir.canonical import split_canonical
from shared.fhir.instants import Instant
from shared.patient.lost import why_lost
from shared.patient.record import Decision, PatientRecord, TimelineLine
from shared.patient.state import Enrolment, Message
from tests.unit.journey.machine_entries import Entries
from tests.unit.journey.machine_standing import stands_well

_TIMELESS = (
    *(SendDue, SendSettled, SendPostponed, ClaimsAbandoned, DeliveryReported, InboundReceived),
    *(RecordMerged, EffectRefused, EffectsDone, PostDelayed),
)
"""Events that let no time pass: they are about what is in hand."""


class Watch:
    """Remembers what one record alone does not tell: messages, rows, and who ever entered."""

    def __init__(self) -> None:
        self.intents: dict[tuple[str, int], dict[str, Message]] = defaultdict(dict)
        self.roster: dict[str, IndexEnrolment] = {}
        self.entries = Entries()
        self.handed: dict[str, int] = defaultdict(int)
        self.told: list[TimelineLine] = []

    def decided(
        self, before: PatientRecord, event: Event, decision: Decision, catalogue: Catalogue, now: Instant
    ) -> list[str]:
        """Return what is wrong with a decision."""
        self.told += decision.timeline
        found = list(_standing(decision.record, event, catalogue, now))
        found += _silent(before, decision)
        found += _left_out(before, event, decision.record)
        found += self.entries.made(before, decision, catalogue, now)
        found += _stood_still(before, decision.record, catalogue)
        found += self._messages(decision.messages)
        for effect in decision.effects:
            if isinstance(effect, SendMessage):
                found += self._handed_over(decision.record, effect, catalogue)
        return found

    def carried_out(self, done: Iterable[OutboxEffect]) -> None:
        """Write the roster's rows."""
        for effect in done:
            row = self.roster.get(effect.enrolment_id) if isinstance(effect, IndexEnrolment) else None
            if isinstance(effect, IndexEnrolment) and (row is None or row.order <= effect.order):
                self.roster[effect.enrolment_id] = effect

    def rested(self, record: PatientRecord, catalogue: Catalogue) -> Iterator[str]:
        """Compare the roster with the record, once nothing is left to do."""
        if record.outbox:
            return
        inside = {row.enrolment_id: row for row in self.roster.values() if not row.ended}
        for enrolment_id in inside.keys() | record.enrolments.keys():
            row, held = inside.get(enrolment_id), record.enrolments.get(enrolment_id)
            if row is None or held is None:
                yield f"the roster says {row}, the record {held}"
                continue
            told = {k: v for k, v in held.results.items() if not v.startswith("#") and k != "@again"}
            told = {k: v for k, v in told.items() if "." not in k}  # answers to a survey are in no list
            if (row.journey, row.status, row.entered, row.results) != (
                *(held.journey, held.status, held.entered, told),
            ):
                yield f"the roster's row {row} is behind {held}"

    def _messages(self, changed: Iterable[Message]) -> Iterator[str]:
        """See that a second message for one intent only follows the known failure of the one before."""
        for message in changed:
            known = self.intents[message.enrolment_id, message.sequence]
            for other in known.values():
                fresh = message.message_id not in known
                lost = other.delivery == "failed" or (other.status == "not-done" and other.attempts > 0)
                if fresh and not lost:
                    yield f"{message} though there is {other}"
            if len({m.channel for m in (*known.values(), message)}) < len({*known, message.message_id}):
                yield f"two messages by {message.channel} for one intent"
            known[message.message_id] = message

    def _handed_over(self, record: PatientRecord, send: SendMessage, catalogue: Catalogue) -> Iterator[str]:
        message, controls = record.messages[send.message_id], catalogue.controls
        url, _ = split_canonical(message.journey)
        enrolment = record.enrolments.get(message.enrolment_id)
        if reason := why_lost(record.person):
            yield f"sent though {reason}"
        if any(opt_out.channel == send.channel for opt_out in record.opt_outs):
            yield "sent after an opt-out"
        if not controls.sending or url in controls.paused | controls.stopped:
            yield f"sent though it is switched off: {controls}"
        if enrolment is not None and enrolment.held == "staff":
            yield "sent though the patient is paused"
        self.handed[send.message_id] += 1
        if message.attempts != self.handed[send.message_id]:
            yield f"handed over {self.handed[send.message_id]} times, counted {message.attempts}"


def _standing(record: PatientRecord, event: Event, catalogue: Catalogue, now: Instant) -> Iterator[str]:
    for enrolment in record.enrolments.values():
        for wrong in stands_well(record, enrolment, catalogue.journeys, now):
            yield f"{wrong}: {enrolment}"
        late = [at for at in (enrolment.due, enrolment.ends) if at is not None and at <= now]
        if (
            late
            and not isinstance(event, _TIMELESS)
            and (enrolment.status == "active" or enrolment.ends in late)
        ):
            yield f"sleeps past its due: {enrolment}"
    if why_lost(record.person) and record.enrolments:
        yield f"{why_lost(record.person)}, and there is {[*record.enrolments]}"


def _silent(before: PatientRecord, decision: Decision) -> Iterator[str]:
    """Find enrolments that changed without a line about them."""
    spoken = {ref for line in decision.timeline for ref in line.refs}
    held, now = before.enrolments, decision.record.enrolments
    for enrolment_id in held.keys() | now.keys():
        if _shown(held.get(enrolment_id)) != _shown(now.get(enrolment_id)) and enrolment_id not in spoken:
            yield f"nothing is said of {held.get(enrolment_id)} becoming {now.get(enrolment_id)}"


def _shown(enrolment: Enrolment | None) -> object:
    if enrolment is None:
        return None
    shown = (enrolment.journey, enrolment.status, enrolment.step, enrolment.sequence, enrolment.due)
    return (*shown, enrolment.held)


def _left_out(before: PatientRecord, event: Event, after: PatientRecord) -> Iterator[str]:
    """See that effects leave the outbox only when done or refused, and come for somebody who changed."""
    for name in before.outbox.keys() - after.outbox.keys():
        if not isinstance(event, EffectsDone | EffectRefused):
            yield f"{name} left the outbox undone"
    for name, effect in after.outbox.items():
        if before.outbox.get(name) == effect or isinstance(effect, IndexMember | IndexReference):
            continue
        owner = getattr(effect, "enrolment_id", "")
        if (
            owner
            and before.enrolments.get(owner) == after.enrolments.get(owner)
            and owner in before.enrolments
        ):
            yield f"{effect} for nothing"


def _stood_still(before: PatientRecord, after: PatientRecord, catalogue: Catalogue) -> Iterator[str]:
    """See that nobody arrives anywhere in a journey that is paused, or stays in one that was stopped."""
    for enrolment in after.enrolments.values():
        url, _ = split_canonical(enrolment.journey)
        held = before.enrolments.get(enrolment.enrolment_id)
        arrived = held is None or held.arrived != enrolment.arrived
        if url in catalogue.controls.paused and arrived and enrolment.arrived is not None:
            yield f"arrived during a pause: {enrolment}"
        if url in catalogue.controls.stopped and after.catalogue == catalogue.version:
            yield f"still inside after a stop: {enrolment}"
