"""The core: what an event means for a patient. Reads nothing, writes nothing, asks no clock.

Composes what the pure packages know: a version is applied (patient), the segments that it touches are
looked at again (segment), journeys react (journey), and what they want to say becomes messages (message).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

from msgspec.structs import replace

from shared.catalogue import Catalogue, publication
from shared.effects import IndexContact, IndexMember, IndexReference, OutboxEffect
from shared.events import (
    ClaimsAbandoned,
    CompartmentRead,
    DefinitionsPublished,
    DeliveryReported,
    EffectsDone,
    Event,
    InboundReceived,
    MembershipsDoubted,
    RecordMerged,
    RecordReread,
    ResourceChanged,
    SendDue,
    SendPostponed,
    SendSettled,
    WakeupDue,
)
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant
from shared.fhir.project import SHARED_TYPES
from shared.journey.advance import Sprint, on_change, on_segment, on_wakeup
from shared.message import consent, delivery, guard
from shared.message.handled import Handled
from shared.message.inherit import inherit
from shared.message.plan import plan
from shared.message.postpone import postpone
from shared.patient.apply import FactChanged, apply_content
from shared.patient.engagement import answer, engagements
from shared.patient.facts import Facts
from shared.patient.record import Decision, PatientRecord, TimelineLine
from shared.patient.transition import SegmentChanged
from shared.patient.unseen import unseen
from shared.segment.compiled import CompiledSegment
from shared.segment.evaluate import reassess, withdraw

MOST_REPLIES = 32
"""Replies remembered by their ids, to know a repeated delivery: a queue repeats within minutes."""


def decide(record: PatientRecord, event: Event, catalogue: Catalogue, now: Instant) -> Decision:
    """Say what `event` means for this patient.

    Returns a decision with the very same record object when it means nothing, so that nothing is written.
    """
    match event:
        case ResourceChanged(content=content):
            passed = _time(record, catalogue, now)
            return _stamped(
                record, passed.then(_changed(passed.record, (content,), catalogue, now)), catalogue
            )
        case CompartmentRead(contents=contents):
            passed = _time(record, catalogue, now)
            return _stamped(record, passed.then(_changed(passed.record, contents, catalogue, now)), catalogue)
        case RecordReread(contents=contents):
            return _stamped(None, _reread(record, contents, catalogue, now), catalogue)
        case WakeupDue() | DefinitionsPublished(stamp=False):
            return _stamped(record, _time(record, catalogue, now), catalogue)
        case DefinitionsPublished():
            return _stamped(None, _time(record, catalogue, now), catalogue)
        case MembershipsDoubted(segments=urls):
            passed = _time(record, catalogue, now)
            return _stamped(record, passed.then(_doubted(passed.record, urls, catalogue, now)), catalogue)
        case SendDue():
            return _claim(record, event, catalogue, now)
        case SendSettled():
            return _engaged(_handled(delivery.settle(record, event, now, catalogue.policy)), catalogue, now)
        case SendPostponed():
            return _handled(postpone(record, event, now))
        case ClaimsAbandoned():
            return _handled(delivery.abandon(record, event, now))
        case DeliveryReported():
            return _engaged(_handled(delivery.report(record, None, event, now)), catalogue, now)
        case InboundReceived():
            return _replied(record, event, catalogue, now)
        case RecordMerged():
            return _merged(record, event, catalogue, now)
        case EffectsDone(done=done):
            return Decision(_done(record, done))


def decide_all(
    record: PatientRecord, events: Iterable[Event], catalogue: Catalogue, now: Instant
) -> Decision:
    """Say what several events mean, one after the other, as one decision."""
    return reduce(
        lambda decision, event: decision.then(decide(decision.record, event, catalogue, now)),
        events,
        Decision(record),
    )


def _time(record: PatientRecord, catalogue: Catalogue, now: Instant) -> Decision:
    """Let time pass up to now: what was published, what flips, what is due, what is too old."""
    decision = _handled(delivery.expire(record, now, catalogue.policy.lease))
    decision = decision.then(Decision(delivery.forget(decision.record, now, catalogue.policy.keep_completed)))
    decision = decision.then(
        _reassessed(decision.record, _stale(decision.record, catalogue, now), catalogue, now)
    )
    if not (_is_current(decision.record, catalogue) or is_blind(decision.record, catalogue)):
        left, lost = withdraw(decision.record, catalogue.segments)
        decision = decision.then(_turned(left, lost, catalogue, now))
    sprint = on_wakeup(decision.record, catalogue.journeys, now)
    return decision.then(_sprinted(sprint, catalogue, now))


def _is_current(record: PatientRecord, catalogue: Catalogue) -> bool:
    """Say whether the record was evaluated by this catalogue, and its facts looked at through this lens."""
    return record.catalogue == catalogue.version and record.lens == catalogue.lens.digest


def is_blind(record: PatientRecord, catalogue: Catalogue) -> bool:
    """Say whether there are facts in which nobody has looked for what published segments ask."""
    return record.lens != catalogue.lens.digest and any(unseen(record, catalogue.lens))


def _stale(record: PatientRecord, catalogue: Catalogue, now: Instant) -> Iterable[CompiledSegment]:
    """Return the segments to look at though nothing came in: what was published since, and what flips."""
    if record.catalogue != catalogue.version:
        return catalogue.segments.stale(record, publication(record.catalogue), now)
    if record.lens != catalogue.lens.digest:
        return catalogue.segments.all
    return catalogue.segments.due(record, now)


def _stamped(before: PatientRecord | None, decision: Decision, catalogue: Catalogue) -> Decision:
    """Note with which catalogue this was decided, unless nothing came of it: that alone is not worth a write.

    Without the note, what was published since is looked at again with the next event: also where `before` was
    blind, as segments that ask more were passed over then.
    """
    record = decision.record
    if record is before or _is_current(record, catalogue) or is_blind(before or record, catalogue):
        return decision
    stamped = replace(record, catalogue=catalogue.version, lens=catalogue.lens.digest)
    return replace(decision, record=stamped)


def _doubted(record: PatientRecord, urls: Sequence[str], catalogue: Catalogue, now: Instant) -> Decision:
    """Evaluate segments afresh, and have their member rows written again whether anything turned or not."""
    doubted = [segment for segment in catalogue.segments.all if segment.url in urls]
    decision = _reassessed(record, doubted, catalogue, now)
    for url in urls:
        held = decision.record.memberships.get(url)
        since = held.since if held is not None else now
        listed = IndexMember(url, held is not None and held.member, since, record.sequence)
        decision = _intend(decision, listed)
    return decision


def _changed(
    record: PatientRecord, contents: Iterable[Fact | Person], catalogue: Catalogue, now: Instant
) -> Decision:
    """Apply versions, then look at the segments that any of them touches, then let journeys react to each."""
    decision, changes = _applied(record, contents)
    return decision.then(_reacted(decision.record, changes, catalogue, now))


def _reread(
    record: PatientRecord, contents: Iterable[Fact | Person], catalogue: Catalogue, now: Instant
) -> Decision:
    """Apply versions before time passes: a new catalogue would ask facts of what nobody has looked for."""
    decision, changes = _applied(record, contents)
    decision = decision.then(_time(decision.record, catalogue, now))
    return decision.then(_reacted(decision.record, changes, catalogue, now))


def _applied(record: PatientRecord, contents: Iterable[Fact | Person]) -> tuple[Decision, list[FactChanged]]:
    decision, changes = Decision(record), list[FactChanged]()
    for content in contents:
        after, changed = apply_content(decision.record, content)
        if changed is None:
            continue
        changes.append(changed)
        decision = replace(decision, record=after)
        if content.reference.partition("/")[0] in SHARED_TYPES and changed.before is None:
            decision = _intend(decision, IndexReference(content.reference))
    return decision, changes


def _reacted(
    record: PatientRecord, changes: Sequence[FactChanged], catalogue: Catalogue, now: Instant
) -> Decision:
    """Look at what changed. That more was found in the same version is nothing that happened to a patient."""
    decision = _reassessed(record, _touched(changes, record.facts, catalogue), catalogue, now)
    for changed in (each for each in changes if not each.same_version):
        sprint = on_change(decision.record, changed, catalogue.journeys, now)
        decision = decision.then(_sprinted(sprint, catalogue, now))
    return decision


def _touched(changes: Sequence[FactChanged], facts: Facts, catalogue: Catalogue) -> Iterable[CompiledSegment]:
    if len(changes) == 1:
        return catalogue.segments.touched_by(changes[0], facts)
    urls = {segment.url for changed in changes for segment in catalogue.segments.touched_by(changed, facts)}
    return [segment for segment in catalogue.segments.all if segment.url in urls]


def _reassessed(
    record: PatientRecord, segments: Iterable[CompiledSegment], catalogue: Catalogue, now: Instant
) -> Decision:
    """Look at segments again, and let journeys react to what the patient entered or left.

    Those that ask of facts what nobody has looked for in them wait until somebody has.
    """
    if is_blind(record, catalogue):
        segments = [segment for segment in segments if not segment.lens.digest]
    after, transitions = reassess(record, segments, now)
    return _turned(after, transitions, catalogue, now)


def _turned(
    record: PatientRecord, transitions: tuple[SegmentChanged, ...], catalogue: Catalogue, now: Instant
) -> Decision:
    decision = Decision(record)
    for transition in transitions:
        listed = IndexMember(transition.url, transition.entered, now, record.sequence)
        decision = _intend(decision, listed)
        decision = decision.then(Decision(decision.record, timeline=(_moved(transition, now),)))
    for transition in transitions:
        sprint = on_segment(decision.record, transition, catalogue.journeys, now)
        decision = decision.then(_sprinted(sprint, catalogue, now))
    return decision


def _moved(transition: SegmentChanged, now: Instant) -> TimelineLine:
    verb = "Entered" if transition.entered else "Left"
    text = f"{verb} segment {transition.url.rpartition('/')[2]}: {transition.reason}"
    return TimelineLine(now, "segment", text, (transition.canonical,))


def _sprinted(sprint: Sprint, catalogue: Catalogue, now: Instant) -> Decision:
    """Make messages of what journeys want to say."""
    decision = Decision(sprint.record, timeline=sprint.timeline, messages=sprint.messages)
    for intent in sprint.intents:
        planned = plan(decision.record, intent, catalogue.templates, catalogue.policy, now)
        decision = decision.then(
            Decision(planned.record, timeline=planned.timeline, messages=planned.messages)
        )
        for effect in planned.effects:
            decision = _intend(decision, effect)
    return decision


def _claim(record: PatientRecord, due: SendDue, catalogue: Catalogue, now: Instant) -> Decision:
    claimed = guard.claim(record, due, catalogue.templates, catalogue.policy, now)
    return Decision(
        claimed.record,
        effects=(claimed.effect,) if claimed.effect else (),
        timeline=claimed.timeline,
        messages=(claimed.message,) if claimed.message else (),
    )


def _handled(handled: Handled) -> Decision:
    return Decision(handled.record, timeline=handled.timeline, messages=handled.messages)


def _opted(handled: Handled, catalogue: Catalogue, now: Instant) -> Decision:
    """Look again at the segments that ask how a patient can be reached: a reply may have changed it."""
    decision = _handled(handled)
    return decision.then(
        _reassessed(decision.record, catalogue.segments.touched_by_opt_out(), catalogue, now)
    )


def _engaged(decision: Decision, catalogue: Catalogue, now: Instant) -> Decision:
    """Keep what became of messages as facts, and look again at the segments that ask for it."""
    facts = tuple(engagements(decision.record, decision.messages))
    return decision.then(_changed(decision.record, facts, catalogue, now)) if facts else decision


def _replied(record: PatientRecord, event: InboundReceived, catalogue: Catalogue, now: Instant) -> Decision:
    """Take a reply in once: an old STOP that comes again must not undo a START since."""
    if event.inbound_id in record.replies:
        return Decision(record)
    noted = replace(record, replies=(*record.replies, event.inbound_id)[-MOST_REPLIES:])
    decision = _opted(consent.receive(noted, event, now, catalogue.policy), catalogue, now)
    said = answer(decision.record, event.inbound_id, event.channel, event.at)
    return decision.then(_changed(decision.record, (said,), catalogue, now))


def _merged(record: PatientRecord, event: RecordMerged, catalogue: Catalogue, now: Instant) -> Decision:
    """Take over opt-outs, and hear the replies of those contact points too: a later START lifts them."""
    decision = _opted(inherit(record, event, now), catalogue, now)
    for channel, address, _ in event.opt_outs:
        decision = _intend(decision, IndexContact(channel, address))
    return decision


def _intend(decision: Decision, effect: OutboxEffect) -> Decision:
    """Put an index effect into the outbox: it leaves it once it is known to be done."""
    record = decision.record
    if isinstance(effect, IndexContact):
        contact = f"{effect.channel}|{effect.address}"
        if contact in record.contacts:
            return decision
        record = replace(record, contacts=(*record.contacts, contact))
    return replace(decision, record=replace(record, outbox={**record.outbox, effect.effect_id: effect}))


def _done(record: PatientRecord, done: Iterable[OutboxEffect]) -> PatientRecord:
    """Take what was done out of the outbox, unless something newer has taken its place."""
    finished = {effect.effect_id for effect in done if record.outbox.get(effect.effect_id) == effect}
    if not finished:
        return record
    left = {name: effect for name, effect in record.outbox.items() if name not in finished}
    return replace(record, outbox=left)
