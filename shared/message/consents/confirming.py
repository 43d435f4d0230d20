"""Double opt-in: a yes to marketing counts only once the one who holds the contact point has confirmed it.

Somebody else can type a number into a page. Until a YES comes back from that number the yes is pending.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from shared.fhir.choice import ANY, Choice
from shared.fhir.instants import DAY, Instant
from shared.message.contact import addresses
from shared.message.handled import ReplyIntent
from shared.message.policy import Policy
from shared.message.recipient import recipient
from shared.patient.messages import CHANNEL_WORDS
from shared.patient.permission.ask import PENDING, is_point
from shared.patient.record import PatientRecord, identify

CONFIRM_WITHIN = DAY
"""How long a pending yes can be confirmed."""

DOUBLY = frozenset({"marketing"})
"""Purposes whose yes has to be confirmed, where they are restrictive…"""

BY_REPLY = frozenset({"sms", "whatsapp", "email"})
"""…and the channels by which."""

PROVEN = frozenset({"confirmed", "link", "merge"})
"""Sources that prove that whoever agreed holds the contact point: a reply from it, or a link sent to it."""


def awaiting(record: PatientRecord, yes: Choice, now: Instant, policy: Policy) -> Iterator[Choice]:
    """Yield a yes as it counts for now: as it is, or pending; one to every channel is one to each."""
    doubly = yes.purpose in DOUBLY and yes.purpose in policy.restrictive and not _is_proven(yes)
    if not doubly or yes.channel not in {*BY_REPLY, ANY}:
        yield yes
        return
    for channel in CHANNEL_WORDS if yes.channel == ANY else (yes.channel,):
        one = replace(yes, channel=channel)
        if channel not in BY_REPLY:
            yield one
        elif address := yes.address if is_point(yes.address) else _address(record, one, now, policy):
            yield replace(one, address=address, source=PENDING)


def asked_to_confirm(record: PatientRecord, pending: Choice) -> ReplyIntent | None:
    """Return the message that asks to confirm a pending yes; once, however often it was given."""
    if pending.source != PENDING:
        return None
    return ReplyIntent(
        kind="opt-in-confirm",
        channel=pending.channel,
        to=pending.address,
        cause=identify("confirm", record.key, *pending.pattern, pending.since),
        party=pending.party,
        values={"wording": pending.wording},
    )


def pending_at(record: PatientRecord, channel: str, address: str, at: Instant) -> tuple[Choice, ...]:
    """Return what a YES from this contact point would confirm now."""
    return tuple(
        yes
        for yes in record.opt_ins
        if yes.source == PENDING
        and (yes.channel, yes.address) == (channel, address)
        and yes.since <= at <= yes.since + CONFIRM_WITHIN
    )


def confirmed(pending: Choice, wording: str, evidence: str, at: Instant) -> Choice:
    """Return the yes that a reply has confirmed, with the words of both."""
    return replace(
        pending,
        source="confirmed",
        since=at,
        wording="\n".join(filter(None, (pending.wording, wording))),
        evidence=" ".join(filter(None, (pending.evidence, evidence))),
    )


def without_expired(record: PatientRecord, now: Instant) -> PatientRecord:
    """Forget what was not confirmed in time: the next yes is asked for afresh."""
    left = tuple(y for y in record.opt_ins if y.source != PENDING or now <= y.since + CONFIRM_WITHIN)
    return record if left == record.opt_ins else replace(record, opt_ins=left)


def _is_proven(yes: Choice) -> bool:
    return yes.source in PROVEN or (yes.source == "staff" and bool(yes.evidence))


def _address(record: PatientRecord, yes: Choice, now: Instant, policy: Policy) -> str:
    """Return the contact point that the person would be asked at, or "" where there is none."""
    person = recipient(record, yes.party)
    if person is None:
        return ""
    unusable = {(point.channel, point.address) for point in record.unusable}
    return next(iter(addresses(person, yes.channel, now, policy.region, unusable)), "")
