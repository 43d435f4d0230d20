"""What people say, in a decision: replies, choices on a page, and what a merged record had been told."""

from __future__ import annotations

from msgspec.structs import replace

from shared.catalogue import Catalogue
from shared.deciding.heard import heard_before
from shared.deciding.journeys import sprinted
from shared.deciding.messages import handled
from shared.deciding.outbox import intend
from shared.deciding.segments import changed_by, reassessed
from shared.effects import IndexContact
from shared.events import ConsentChosen, InboundReceived, RecordMerged
from shared.fhir.choice import ANY
from shared.fhir.instants import Instant
from shared.journey.replies import on_messages, on_reply
from shared.message import consent
from shared.message.asking import ask_which
from shared.message.consents.receiving import HEARD_BY_ALL
from shared.message.handled import Handled
from shared.message.inherit import inherit
from shared.message.staff_task import received_communication
from shared.message.unclear import hand_over
from shared.message.understanding.understand import understand
from shared.patient.engagement import answer
from shared.patient.record import Decision, PatientRecord, identify


def opted(found: Handled, catalogue: Catalogue, now: Instant) -> Decision:
    """Look again at the segments that ask how a patient can be reached: it may have changed."""
    decision = handled(found, catalogue, now)
    return decision.then(reassessed(decision.record, catalogue.segments.touched_by_opt_out(), catalogue, now))


def replied(record: PatientRecord, event: InboundReceived, catalogue: Catalogue, now: Instant) -> Decision:
    """Take a reply in once: an old STOP that comes again must not undo a START since.

    What consent does not settle and no journey hears goes to staff: nothing is ignored.
    """
    noted = heard_before(record, event.inbound_id)
    if noted is None:
        return Decision(record)
    if event.choices:  # heard once it is known whose answer it is
        return handled(ask_which(noted, event, catalogue.policy, now), catalogue, now)
    event = _understood(noted, event)
    settled = consent.settles(noted, event, catalogue.policy)
    decision = opted(consent.receive(noted, event, now, catalogue.policy), catalogue, now)
    if catalogue.policy.write_communications and event.answering:
        decision = intend(decision, received_communication(noted, event, catalogue.policy, now))
    said = answer(decision.record, event.inbound_id, event.channel, event.at)
    decision = decision.then(changed_by(decision.record, (said,), catalogue, now))
    before = decision.record.enrolments
    heard = replace(event, text="", meaning="") if settled or event.meaning in HEARD_BY_ALL else event
    following = sprinted(on_reply(decision.record, heard, catalogue.journeys, now), catalogue, now)
    decision = decision.then(following)
    if settled or decision.record.enrolments != before:
        return decision
    given = hand_over(decision.record, event, catalogue.policy, now)
    return decision.then(handled(given, catalogue, now))


def _understood(record: PatientRecord, event: InboundReceived) -> InboundReceived:
    """Say what a reply means where who brought it has not."""
    if event.meaning:
        return event
    spoken = record.person.languages if record.person is not None else ()
    found = understand(event.text, spoken)
    return replace(event, meaning=found.meaning, number=found.number)


def chosen(record: PatientRecord, event: ConsentChosen, catalogue: Catalogue, now: Instant) -> Decision:
    """Take in once what somebody said on a page, or to staff."""
    noted = heard_before(record, event.chosen_id)
    if noted is None:
        return Decision(record)
    found = consent.choose(noted, event.permits, event.denials, now, catalogue.policy)
    decision = opted(found, catalogue, now)
    looked = on_messages(decision.record, catalogue.journeys, now)
    return decision.then(sprinted(looked, catalogue, now))


def merged(record: PatientRecord, event: RecordMerged, catalogue: Catalogue, now: Instant) -> Decision:
    """Take over opt-outs, and hear the replies of those contact points too: a later START lifts them.

    The record that was merged away keeps its own, and brings them again whenever it changes: once is enough.
    """
    fresh = tuple(opt_out for opt_out in event.opt_outs if identify("merged", *opt_out) not in record.replies)
    if not fresh:
        return Decision(record)
    for opt_out in fresh:
        record = heard_before(record, identify("merged", *opt_out)) or record
    decision = opted(inherit(record, replace(event, opt_outs=fresh), now, catalogue.policy), catalogue, now)
    looked = on_messages(decision.record, catalogue.journeys, now)  # who is silenced now may have to leave
    decision = decision.then(sprinted(looked, catalogue, now))
    for channel, address, _ in event.opt_outs:
        if channel != ANY and address not in ("", ANY):
            decision = intend(decision, IndexContact(channel, address))
    return decision
