"""The outbox in a decision: an effect goes in with what decided it, and out once it is known to be done."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from shared.effects import IndexContact, OutboxEffect, PostWebhook
from shared.events import PostDelayed
from shared.fhir.instants import Instant
from shared.message.plan import Planned
from shared.patient.record import Decision, PatientRecord
from shared.patient.roster import roster_row


def intend(decision: Decision, effect: OutboxEffect) -> Decision:
    """Put an index effect into the outbox: it leaves it once it is known to be done."""
    record = decision.record
    if isinstance(effect, IndexContact):
        contact = f"{effect.channel}|{effect.address}"
        if contact in record.contacts:
            return decision
        record = replace(record, contacts=(*record.contacts, contact))
    return replace(decision, record=replace(record, outbox={**record.outbox, effect.effect_id: effect}))


def listed(before: PatientRecord, decision: Decision) -> Decision:
    """Have the roster say which enrolments a message put on hold; journeys see to all others themselves."""
    for enrolment_id, enrolment in decision.record.enrolments.items():
        if before.enrolments.get(enrolment_id) != enrolment:
            decision = intend(decision, roster_row(enrolment, before.sequence))
    return decision


def planned_in(decision: Decision, planned: Planned) -> Decision:
    """Add a message that was planned to what is decided, with the rows that replies and reports need."""
    said = Decision(planned.record, timeline=planned.timeline, messages=planned.messages)
    decision = decision.then(listed(decision.record, said))
    for effect in planned.effects:
        decision = intend(decision, effect)
    return decision


def holds(record: PatientRecord, effect: OutboxEffect) -> bool:
    """Say whether an effect is still in the outbox: its outcome is not known yet, nothing newer replaced it.

    A webhook that another found away meanwhile is the same effect all the same.
    """
    held = record.outbox.get(effect.effect_id)
    if isinstance(held, PostWebhook) and isinstance(effect, PostWebhook):
        return replace(held, away=effect.away) == effect
    return held == effect


def delayed(record: PatientRecord, said: PostDelayed, now: Instant) -> PatientRecord:
    """Note since when a webhook is tried in vain, so that it is given up in the end; held back, it is not."""
    held = record.outbox.get(said.effect.effect_id)
    if not (isinstance(held, PostWebhook) and holds(record, said.effect)):
        return record
    away = None if said.held else held.away or now
    if away == held.away:
        return record
    return replace(record, outbox={**record.outbox, held.effect_id: replace(held, away=away)})


def done_with(record: PatientRecord, done: Iterable[OutboxEffect]) -> PatientRecord:
    """Take what was done out of the outbox, unless something newer has taken its place."""
    finished = {effect.effect_id for effect in done if holds(record, effect)}
    if not finished:
        return record
    left = {name: effect for name, effect in record.outbox.items() if name not in finished}
    return replace(record, outbox=left)
