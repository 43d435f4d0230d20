"""Load, decide, commit, drain: the one loop by which any event changes a patient.

1. Load the record, decide; for each message that is ready, look at the world again (the guard), and claim it.
2. Write the wake-up index, then commit. On Conflict start over: deciding is pure, so that is safe.
3. Drain: carry out index effects, hand claimed messages to their channels. What comes of it is the next
   events of this same loop, until nothing is left; only then is the trigger acknowledged.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from msgspec import Struct

from shared.decide import decide_all
from shared.effects import SendMessage
from shared.errors import Conflict, Unavailable
from shared.events import ClaimsAbandoned, DeliveryReported, Event, SendSettled
from shared.patient.messages import keep_message
from shared.patient.record import Decision, PatientRecord
from shared.ports import Stored
from shared.queues import OUTBOX
from shared.telemetry import count, span
from shared.usecases.analytics.telling import tell_happened
from shared.usecases.bundle import Bundles, Tell
from shared.usecases.drain import drain
from shared.usecases.guard import look_again
from shared.usecases.jobs import Refresh
from shared.usecases.posting import post
from shared.usecases.services import Services
from shared.usecases.told import tell_commit, tell_reports
from shared.usecases.widen import widened

ATTEMPTS = 6
"""Conflicts in a row after which the queue retries later."""

TOLD_ATTEMPTS = 100
"""The same where the commit says what became of a message: a known outcome must not be lost to a crowd."""

ROUNDS = 20
"""Rounds of decide and drain for one trigger; the rest is left to the wake-up index."""

RETRY = 10.0
"""Seconds after which what is outside is tried again."""


class Crowded(Unavailable):
    """Others keep writing to a patient's record: whose, by `key`."""

    def __init__(self, key: str) -> None:
        super().__init__("others keep writing to this patient's record")
        self.key = key


class Trigger(Struct, frozen=True):
    """What set the loop going: the queue message's id, and which delivery of it this is, from 1."""

    trigger_id: str
    delivery: int = 1
    uncounted: bool = False
    """A crash may leave no count: a session of Service Bus that is closed counts nothing."""


class Reaction(Struct, frozen=True):
    """What came of it: the record as it was first read, and as it was left."""

    before: PatientRecord
    after: PatientRecord
    waiting: str = ""
    """Why something outside could not be done now, or ""; nothing else waits for it."""


async def react(
    services: Services,
    key: str,
    events: Sequence[Event],
    trigger: Trigger,
    patient_id: str = "",
    *,
    fresh: frozenset[str] = frozenset(),
    held: Stored | None = None,
    retrying: bool = False,
    claiming: bool = True,
) -> Reaction:
    """Let events happen to a patient and carry out what follows. Raises Unavailable to be tried again.

    `patient_id` names the patient where there may be no record yet; `fresh` names the resources that were
    read from the server for this very trigger, which the guard need not read again; `held` is the record
    where the caller has read it already; `retrying` that the caller tries again what is outside, whoever
    left it. Else that is done here which was decided here: of several at work on a patient only one calls.
    Without `claiming` nothing new is sent: whoever asks has a message of their own in hand.
    """
    following: Sequence[Event] = events
    if trigger.delivery > 1 or trigger.uncounted:
        following = (ClaimsAbandoned(trigger.trigger_id), *events)
    before: PatientRecord | None = None
    ours, waiting = set[str](), dict[str, str]()
    bundles = Bundles(services, trigger.trigger_id, _teller(services, trigger)) if claiming else None
    taking_over = retrying or trigger.delivery > 1
    for _ in range(ROUNDS):
        found, stored, decision = await _commit(
            services, key, patient_id, following, trigger, fresh, held, bundles
        )
        if before is None and trigger.uncounted:
            taking_over = taking_over or _claimed(found, trigger)
        before, held = before or found, stored  # nobody wrote since, or the commit will conflict
        sends = [effect for effect in decision.effects if isinstance(effect, SendMessage)]
        ours |= stored.record.outbox.keys() - (() if taking_over else found.outbox.keys())
        drained = await drain(services, stored.record, sends, ours - waiting.keys())
        waiting |= drained.waiting
        if bundles is not None:
            await bundles.told(drained.events, sends)
        following = drained.events
        if not following:
            break
    if drained.failed:
        raise Unavailable(drained.failed)
    hindered = next(filter(None, waiting.values()), "")
    if hindered and not retrying:
        await post(services.queue, OUTBOX, Refresh(key), RETRY)
    return Reaction(before or stored.record, stored.record, hindered)


def _claimed(record: PatientRecord, trigger: Trigger) -> bool:
    """Say whether a trigger has claimed a message before, so that it was at work on the record already.

    That it finds nothing to decide does not show it: so does whoever hears of what we are just writing.
    """
    return any(message.claimed_by == trigger.trigger_id for message in record.messages.values())


def _teller(services: Services, trigger: Trigger) -> Tell:
    """Return what lets events happen to another patient, for a message that is theirs too."""

    async def tell(key: str, events: Sequence[Event]) -> PatientRecord:
        own = Trigger(f"{trigger.trigger_id}-{key}")
        return (await react(services, key, events, own, claiming=False)).after

    return tell


async def _commit(
    services: Services,
    key: str,
    patient_id: str,
    events: Sequence[Event],
    trigger: Trigger,
    fresh: frozenset[str],
    held: Stored | None,
    bundles: Bundles | None,
) -> tuple[PatientRecord, Stored, Decision]:
    told, began = any(isinstance(event, SendSettled) for event in events), time.time()
    for _ in range(TOLD_ATTEMPTS if told else ATTEMPTS):
        stored, held = held or await services.patients.load(key, patient_id), None
        if not stored.record.patient_id:  # a key that is nobody's: there is nothing to know
            return stored.record, stored, Decision(stored.record)
        record = await _recall(services, stored.record, events)
        decision = await _decide(services, record, events, trigger, fresh, bundles)
        if decision.record is record and not decision.timeline and not decision.messages:
            return stored.record, stored, decision
        await _schedule(services, stored, decision)
        try:
            left = await services.patients.commit(stored, decision)
        except Conflict:
            count("hearthline.conflicts")
            continue
        tell_commit(record, events, decision)
        tell_happened(services, record, events, decision)
        tell_reports(decision.messages, events, began)
        return stored.record, left, decision
    raise Crowded(key)


async def _recall(services: Services, record: PatientRecord, events: Sequence[Event]) -> PatientRecord:
    """Take back into the record the messages that a late word concerns: their rows have the latest state."""
    told = (e.message_id for e in events if isinstance(e, DeliveryReported | SendSettled))
    for message_id in sorted(set(told) - record.messages.keys()):
        row = await services.patients.message(record.key, message_id)
        if row is not None:
            record = keep_message(record, row)
    return record


async def _decide(
    services: Services,
    record: PatientRecord,
    events: Sequence[Event],
    trigger: Trigger,
    fresh: frozenset[str],
    bundles: Bundles | None,
) -> Decision:
    catalogue = await services.definitions.current(record.catalogue)
    events = await widened(services, record, events, catalogue, trigger.delivery)
    now = services.clock.now()
    decision = decide_all(record, events, catalogue, now)
    ready = decision.record.ready_messages(now)
    if not ready or bundles is None:
        return decision
    with span("guard", messages=len(ready)):
        seen = await look_again(services, decision.record, ready, fresh, now, catalogue.arrivals)
    decision = decision.then(decide_all(decision.record, seen, catalogue, now))
    claims = await bundles.claims(decision.record, decision.record.ready_messages(now), catalogue, now)
    return decision.then(decide_all(decision.record, claims, catalogue, now))


async def _schedule(services: Services, stored: Stored, decision: Decision) -> None:
    """Write the wake-up before the commit that needs it: a stale one does nothing, a missing one loses."""
    due = decision.record.next_due
    if due is not None and due != stored.record.next_due:
        await services.indexes.schedule(decision.record.key, due)
