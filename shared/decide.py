"""The core: what an event means for a patient. Reads nothing, writes nothing, asks no clock.

Composes what the pure packages know: a version is applied (patient), the segments that it touches are
looked at again (segment), journeys react (journey), and what they want to say becomes messages (message).
The parts are in shared/deciding/.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from msgspec.structs import replace

from shared.catalogue import Catalogue, publication
from shared.deciding.asked import asked_for
from shared.deciding.erasure import ERASED, aged, blocked, forgotten
from shared.deciding.heard import heard_before
from shared.deciding.journeys import sprinted
from shared.deciding.messages import carried, claim, engaged, handled, needed
from shared.deciding.outbox import delayed, done_with, holds
from shared.deciding.said import chosen, merged, replied
from shared.deciding.segments import (
    applied,
    changed_by,
    doubted,
    is_blind,
    is_current,
    reacted,
    reassessed,
    stale,
    turned,
)
from shared.deciding.written_back import written_back
from shared.events import (
    BundleAsked,
    ClaimsAbandoned,
    CompartmentRead,
    ConsentChosen,
    CustomEventReceived,
    DefinitionsPublished,
    DeliveryReported,
    EffectRefused,
    EffectsDone,
    EngagementAged,
    EnrolAsked,
    EnrolmentAsked,
    EntryGranted,
    Event,
    InboundReceived,
    MembershipsDoubted,
    MigrationAsked,
    OutcomeSaid,
    PersonErased,
    PointUsable,
    PostDelayed,
    RecordMerged,
    RecordReread,
    ResourceChanged,
    SendDue,
    SendPostponed,
    SendSettled,
    SurveyAnswered,
)
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant
from shared.journey.advance import on_event, on_published, on_wakeup
from shared.journey.asked import on_done, on_refused
from shared.journey.survey.heard import on_survey
from shared.message import delivery
from shared.message.postpone import postpone, released
from shared.message.unusable import work_again
from shared.patient.record import Decision, PatientRecord
from shared.segment.evaluate import withdraw

__all__ = ["decide", "decide_all", "is_blind"]


def decide(record: PatientRecord, event: Event, catalogue: Catalogue, now: Instant) -> Decision:
    """Say what `event` means for this patient.

    Returns a decision with the very same record object when it means nothing, so that nothing is written.
    """
    if record.erased is not None or isinstance(event, PersonErased):
        return forgotten(record, event, catalogue, now)
    decision = _decided(record, event, catalogue, now)
    if not decision.messages:
        return decision
    return written_back(needed(record, engaged(decision, catalogue, now), now), catalogue)


def decide_all(
    record: PatientRecord, events: Iterable[Event], catalogue: Catalogue, now: Instant
) -> Decision:
    """Say what several events mean, one after the other, as one decision."""
    return reduce(
        lambda decision, event: decision.then(decide(decision.record, event, catalogue, now)),
        events,
        Decision(record),
    )


def _decided(record: PatientRecord, event: Event, catalogue: Catalogue, now: Instant) -> Decision:
    match event:
        case RecordReread(contents=contents):
            return _stamped(None, _reread(record, contents, catalogue, now), catalogue)
        case DefinitionsPublished(stamp=True):
            return _stamped(None, _time(record, catalogue, now), catalogue)
        case SendDue():
            return claim(record, event, catalogue, now)
        case BundleAsked():
            return carried(record, event, catalogue, now)
        case SendSettled(code=code) if code == ERASED:
            return handled(blocked(record, event, now), catalogue, now)
        case SendSettled():
            return handled(delivery.settle(record, event, now, catalogue.policy), catalogue, now)
        case SendPostponed():
            return handled(postpone(record, event, now), catalogue, now)
        case ClaimsAbandoned():
            return handled(delivery.abandon(record, event, now), catalogue, now)
        case DeliveryReported():
            return handled(delivery.report(record, None, event, now, catalogue.policy), catalogue, now)
        case OutcomeSaid():
            return handled(delivery.find_out(record, event, now), catalogue, now)
        case PointUsable():
            return handled(work_again(record, event, now), catalogue, now)
        case InboundReceived():
            return replied(record, event, catalogue, now)
        case ConsentChosen():
            return chosen(record, event, catalogue, now)
        case EngagementAged():
            return aged(record, event, catalogue, now)
        case RecordMerged():
            return merged(record, event, catalogue, now)
        case EffectRefused(effect=effect):
            if not holds(record, effect):  # another who carried it out has said so
                return Decision(record)
            sprint = on_refused(done_with(record, (effect,)), event, catalogue.journeys, now)
            return sprinted(sprint, catalogue, now)
        case PostDelayed():
            return Decision(delayed(record, event, now))
        case EffectsDone(done=done):
            fresh = [effect for effect in done if holds(record, effect)]
            return sprinted(on_done(done_with(record, fresh), fresh, catalogue.journeys, now), catalogue, now)
        case _:
            passed = _time(record, catalogue, now)
            return _stamped(record, passed.then(_then(passed.record, event, catalogue, now)), catalogue)


def _then(record: PatientRecord, event: Event, catalogue: Catalogue, now: Instant) -> Decision:
    """Say what an event means before which time has passed up to now."""
    match event:
        case ResourceChanged(content=content):
            return changed_by(record, (content,), catalogue, now)
        case CompartmentRead(contents=contents):
            return changed_by(record, contents, catalogue, now)
        case MembershipsDoubted(segments=urls):
            return doubted(record, urls, catalogue, now)
        case CustomEventReceived(event_id=event_id):
            noted = heard_before(record, event_id)
            if noted is None:
                return Decision(record)
            return sprinted(on_event(noted, event, catalogue.journeys, now), catalogue, now)
        case SurveyAnswered(answered_id=answered_id):
            noted = heard_before(record, answered_id)
            if noted is None:
                return Decision(record)
            return sprinted(on_survey(noted, event, catalogue.journeys, now), catalogue, now)
        case EnrolAsked() | EnrolmentAsked() | MigrationAsked() | EntryGranted():
            return asked_for(record, event, catalogue, now)
        case _:
            return Decision(record)


def _time(record: PatientRecord, catalogue: Catalogue, now: Instant) -> Decision:
    """Let time pass up to now: what was published, what flips, what is due, what is too old."""
    decision = handled(delivery.expire(record, now, catalogue.policy.lease), catalogue, now)
    decision = decision.then(Decision(delivery.forget(decision.record, now, catalogue.policy.keep_completed)))
    decision = decision.then(
        reassessed(decision.record, stale(decision.record, catalogue, now), catalogue, now)
    )
    if not (is_current(decision.record, catalogue) or is_blind(decision.record, catalogue)):
        left, lost = withdraw(decision.record, catalogue.segments)
        decision = decision.then(turned(left, lost, catalogue, now))
    if record.catalogue != catalogue.version:
        seen = publication(record.catalogue)
        published = on_published(decision.record, catalogue.journeys, seen, now)
        decision = decision.then(sprinted(published, catalogue, now))
        decision = decision.then(handled(released(decision.record, catalogue.controls, now), catalogue, now))
    sprint = on_wakeup(decision.record, catalogue.journeys, now)
    return decision.then(sprinted(sprint, catalogue, now))


def _stamped(before: PatientRecord | None, decision: Decision, catalogue: Catalogue) -> Decision:
    """Note with which catalogue this was decided, unless nothing came of it: that alone is not worth a write.

    Without the note, what was published since is looked at again with the next event: also where `before` was
    blind, as segments that ask more were passed over then.
    """
    record = decision.record
    if record is before or is_current(record, catalogue) or is_blind(before or record, catalogue):
        return decision
    stamped = replace(record, catalogue=catalogue.version, lens=catalogue.lens.digest)
    return replace(decision, record=stamped)


def _reread(
    record: PatientRecord, contents: Iterable[Fact | Person], catalogue: Catalogue, now: Instant
) -> Decision:
    """Apply versions before time passes: a new catalogue would ask facts of what nobody has looked for."""
    decision, changes = applied(record, contents)
    decision = decision.then(_time(decision.record, catalogue, now))
    return decision.then(reacted(decision.record, changes, catalogue, now))
