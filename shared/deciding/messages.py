"""Messages in a decision: claims, answers, replies; what became of them is told to segments and journeys."""

from __future__ import annotations

from msgspec.structs import replace

from shared.catalogue import Catalogue
from shared.deciding.journeys import sprinted
from shared.deciding.outbox import intend, listed
from shared.deciding.segments import changed_by, reassessed
from shared.effects import IndexContact
from shared.events import InboundReceived, RecordMerged, SendDue
from shared.fhir.instants import Instant
from shared.journey.replies import on_lost, on_messages, on_reply
from shared.message import consent, guard
from shared.message.handled import Handled
from shared.message.inherit import inherit
from shared.message.keywords import keyword
from shared.patient.engagement import answer, engagements
from shared.patient.record import Decision, PatientRecord, identify

MOST_REPLIES = 32
"""Replies and events remembered by their ids, to know a repeated delivery: a queue repeats within minutes."""

MOST_ROUNDS = 10
"""Rounds in which what became of messages makes journeys send others, before the next event must."""


def claim(record: PatientRecord, due: SendDue, catalogue: Catalogue, now: Instant) -> Decision:
    """Run the guard on a message that is due, and claim it or say why not."""
    claimed = guard.claim(record, due, catalogue.templates, catalogue.policy, now, catalogue.controls)
    decision = Decision(
        claimed.record,
        effects=(claimed.effect,) if claimed.effect else (),
        timeline=claimed.timeline,
        messages=(claimed.message,) if claimed.message else (),
    )
    return listed(record, decision)


def handled(found: Handled) -> Decision:
    """Make a decision of what came of a call about messages."""
    return Decision(found.record, timeline=found.timeline, messages=found.messages)


def opted(found: Handled, catalogue: Catalogue, now: Instant) -> Decision:
    """Look again at the segments that ask how a patient can be reached: a reply may have changed it."""
    decision = handled(found)
    return decision.then(reassessed(decision.record, catalogue.segments.touched_by_opt_out(), catalogue, now))


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


def heard_before(record: PatientRecord, heard_id: str) -> PatientRecord | None:
    """Note the id of a reply or an event; None where it was heard before."""
    if heard_id in record.replies:
        return None
    return replace(record, replies=(*record.replies, heard_id)[-MOST_REPLIES:])


def replied(record: PatientRecord, event: InboundReceived, catalogue: Catalogue, now: Instant) -> Decision:
    """Take a reply in once: an old STOP that comes again must not undo a START since."""
    noted = heard_before(record, event.inbound_id)
    if noted is None:
        return Decision(record)
    decision = opted(consent.receive(noted, event, now, catalogue.policy), catalogue, now)
    said = answer(decision.record, event.inbound_id, event.channel, event.at)
    decision = decision.then(changed_by(decision.record, (said,), catalogue, now))
    heard = event if not keyword(event.text) else replace(event, text="")
    return decision.then(sprinted(on_reply(decision.record, heard, catalogue.journeys, now), catalogue, now))


def merged(record: PatientRecord, event: RecordMerged, catalogue: Catalogue, now: Instant) -> Decision:
    """Take over opt-outs, and hear the replies of those contact points too: a later START lifts them.

    The record that was merged away keeps its own, and brings them again whenever it changes: once is enough.
    """
    fresh = tuple(opt_out for opt_out in event.opt_outs if identify("merged", *opt_out) not in record.replies)
    if not fresh:
        return Decision(record)
    for opt_out in fresh:
        record = heard_before(record, identify("merged", *opt_out)) or record
    decision = opted(inherit(record, replace(event, opt_outs=fresh), now), catalogue, now)
    looked = on_messages(decision.record, catalogue.journeys, now)  # who is silenced now may have to leave
    decision = decision.then(sprinted(looked, catalogue, now))
    for channel, address, _ in event.opt_outs:
        decision = intend(decision, IndexContact(channel, address))
    return decision
