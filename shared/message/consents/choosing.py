"""Choose: somebody said by what they may be written to, on a page, to staff or by a reply.

What it changes in the record, what it calls off, what is written down and what is said of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from operator import eq

from msgspec.structs import replace

from shared.effects import OutboxEffect
from shared.fhir.choice import ANY, Choice
from shared.fhir.instants import Instant
from shared.message.consents.confirming import asked_to_confirm, awaiting, without_expired
from shared.message.consents.merging import denied, permitted
from shared.message.consents.mirroring import mirrored
from shared.message.consents.resource import consents_of
from shared.message.contact import normalise
from shared.message.handled import Handled
from shared.message.policy import DEFAULT, Policy
from shared.patient.messages import call_off
from shared.patient.permission.ask import PENDING, STRANGER, Ask, about, covers, is_point, lifts, same_speaker
from shared.patient.permission.verdict import why_not
from shared.patient.record import PatientRecord, TimelineLine
from shared.patient.state import Message

_HOW = {
    "page": "on the preferences page",
    "one-click": "by the unsubscribe link of a message",
    "link": "on the page that a message led to",
    "staff": "told to staff",
    "provider": "at the provider",
    "complaint": "reported a message as spam",
    "merge": "in a record that was merged into this one",
    "confirmed": "confirmed by a reply",
}
"""How we know, by source, as staff read it."""


def choose(
    record: PatientRecord,
    permits: Iterable[Choice],
    denials: Iterable[Choice],
    now: Instant,
    policy: Policy = DEFAULT,
) -> Handled:
    """Take in what was said; said again it changes nothing. What is older than what we know changes nothing.

    Of a yes and a no to the same at once the no counts. A yes that has to be confirmed (see
    shared.message.consents.confirming) is kept as pending, and asked for.
    """
    before = after = without_expired(record, now)
    refused = tuple(_normal(no, policy) for no in denials)
    for no in refused:
        after = denied(after, no)
    for yes in permits:
        wanted = _normal(yes, policy)
        if not any(
            covers(no, wanted) and same_speaker(no, wanted) and no.since >= wanted.since for no in refused
        ):
            for one in awaiting(after, wanted, now, policy):
                after = permitted(after, one)
    return settled(before, after, now, policy)


def settled(before: PatientRecord, after: PatientRecord, now: Instant, policy: Policy) -> Handled:
    """Make of changed choices all that follows from them."""
    if (after.opt_outs, after.opt_ins) == (before.opt_outs, before.opt_ins):
        return Handled(before)
    fresh = tuple(_fresh(before.opt_outs, after.opt_outs))
    agreed = tuple(_fresh(before.opt_ins, after.opt_ins))
    said = (*_said(fresh, "out", before, now), *_said(agreed, "in", before, now))
    record, ended, ends = _without_forbidden(after, policy, now) if fresh else (after, (), ())
    replies = (asked_to_confirm(record, yes) for yes in agreed if yes.source == PENDING)
    return Handled(
        record,
        (*said, *ends),
        ended,
        tuple(_effects(before, after, policy, now)),
        tuple(reply for reply in replies if reply is not None),
    )


def _normal(choice: Choice, policy: Policy) -> Choice:
    if not is_point(choice.address):
        return choice
    channel = choice.channel if choice.channel != ANY else ("email" if "@" in choice.address else "whatsapp")
    return replace(choice, address=normalise(channel, choice.address, policy.region) or choice.address)


def _fresh(before: tuple[Choice, ...], after: tuple[Choice, ...]) -> Iterator[Choice]:
    """Yield what was not said before: the same said again, later, is no news."""
    known = {(choice.pattern, choice.source == PENDING) for choice in before}
    yield from (choice for choice in after if (choice.pattern, choice.source == PENDING) not in known)


def _effects(
    before: PatientRecord, after: PatientRecord, policy: Policy, now: Instant
) -> Iterator[OutboxEffect]:
    yield from dict.fromkeys(mirrored(before, after, policy, now))
    if policy.write_consents:
        yield from consents_of(before, after, now)


def _without_forbidden(
    record: PatientRecord, policy: Policy, now: Instant
) -> tuple[PatientRecord, tuple[Message, ...], tuple[TimelineLine, ...]]:
    """Call off what may not be sent any more; answers to replies are left to the guard."""
    ended: tuple[Message, ...] = ()
    lines: tuple[TimelineLine, ...] = ()
    for message in tuple(record.messages.values()):
        reason = "" if message.answers else _why(record, message, policy, now)
        if reason:
            record, over, told = call_off(record, partial(eq, message), reason, now)
            ended, lines = (*ended, *over), (*lines, *told)
    return record, ended, lines


def _why(record: PatientRecord, message: Message, policy: Policy, now: Instant) -> str:
    ask = Ask(message.channel, message.purpose, message.topic, message.to, message.party)
    return why_not(record, ask, now, policy.restrictive)


def _said(choices: Iterable[Choice], way: str, before: PatientRecord, now: Instant) -> Iterator[TimelineLine]:
    told = set[str]()
    for choice in choices:
        again = way == "in" and any(lifts(choice, no) for no in before.opt_outs)
        text = _sentence(choice, way, again=again)
        if text not in told:  # one yes may end several a no, at several contact points
            told.add(text)
            yield TimelineLine(now, "inbound", text, tuple(filter(None, (choice.evidence,))))


def _sentence(choice: Choice, way: str, *, again: bool) -> str:
    who = f"{choice.party} opted" if choice.party not in ("", STRANGER) else "Opted"
    how = f"replied {choice.wording}" if choice.source == "reply" else _HOW.get(choice.source, choice.source)
    if choice.party == STRANGER:
        return f"Somebody else answers at a contact point: {how}"
    if choice.source == PENDING:
        return f"To be confirmed by a reply: a yes to {about(choice)}"
    if way == "out":
        return f"{who} out of {about(choice)}" + (f": {how}" if how else "")
    return f"{who} in to {about(choice)}{' again' if again else ''}" + (f": {how}" if how else "")
