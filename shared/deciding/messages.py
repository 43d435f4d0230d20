"""Messages in a decision: claims, reports, answers; what became of them is told to segments and journeys."""

from __future__ import annotations

from shared.catalogue import Catalogue
from shared.deciding.journeys import sprinted
from shared.deciding.outbox import intend, listed, planned_in
from shared.deciding.segments import changed_by
from shared.events import BundleAsked, SendDue
from shared.fhir.instants import Instant
from shared.journey.replies import on_lost, on_messages
from shared.message import guard
from shared.message.answering import answer
from shared.message.handled import Handled
from shared.message.needing import needing
from shared.patient.engagement import engagements
from shared.patient.record import Decision, PatientRecord

MOST_ROUNDS = 10
"""Rounds in which what became of messages makes journeys send others, before the next event must."""


def claim(record: PatientRecord, due: SendDue, catalogue: Catalogue, now: Instant) -> Decision:
    """Run the guard on a message that is due, and claim it or say why not."""
    claimed = guard.claim(record, due, catalogue.templates, catalogue.policy, now, catalogue.controls)
    return _of_claim(record, claimed)


def carried(record: PatientRecord, asked: BundleAsked, catalogue: Catalogue, now: Instant) -> Decision:
    """Run the guard on a message that another to the same contact point is to carry."""
    claimed = guard.carry(record, asked, catalogue.templates, catalogue.policy, now, catalogue.controls)
    return _of_claim(record, claimed)


def _of_claim(record: PatientRecord, claimed: guard.Claimed) -> Decision:
    decision = Decision(
        claimed.record,
        effects=(claimed.effect,) if claimed.effect else (),
        timeline=claimed.timeline,
        messages=(claimed.message,) if claimed.message else (),
    )
    for link in claimed.links:
        decision = intend(decision, link)
    return listed(record, decision)


def handled(found: Handled, catalogue: Catalogue, now: Instant) -> Decision:
    """Make a decision of what came of a call about messages: what is to be done, and to be answered."""
    decision = Decision(found.record, timeline=found.timeline, messages=found.messages)
    for effect in found.effects:
        decision = intend(decision, effect)
    for reply in found.replies:
        planned = answer(decision.record, reply, catalogue.templates, catalogue.policy, now)
        decision = planned_in(decision, planned)
    return decision


def needed(before: PatientRecord, decision: Decision, now: Instant) -> Decision:
    """Have the list of messages that need somebody say what changed in it."""
    for message in decision.messages:
        effect = needing(before.messages.get(message.message_id), message, before.sequence, now)
        if effect is not None:
            decision = intend(decision, effect)
    return decision


def engaged(decision: Decision, catalogue: Catalogue, now: Instant) -> Decision:
    """Keep what became of messages as facts; let segments that ask for it, and journeys, hear of it."""
    told = decision.messages
    for _ in range(MOST_ROUNDS):
        facts = tuple(engagements(decision.record, told))
        if not facts:
            break
        following = sprinted(on_lost(decision.record, told, catalogue.journeys), catalogue, now)
        following = following.then(changed_by(following.record, facts, catalogue, now))
        sprint = on_messages(following.record, catalogue.journeys, now)
        following = following.then(sprinted(sprint, catalogue, now))
        decision, told = decision.then(following), following.messages
    return decision
