"""What the provider's own opt-out list should say once ours has changed."""

from __future__ import annotations

from collections.abc import Iterator

from shared.effects import MirrorOptOut
from shared.fhir.choice import ANY, Choice
from shared.fhir.instants import Instant
from shared.message.contact import normalise
from shared.message.policy import Policy
from shared.patient.permission.ask import PENDING, STRANGER, is_point, lifts
from shared.patient.record import PatientRecord

_KNOWN_THERE = "provider"


def mirrored(
    before: PatientRecord, after: PatientRecord, policy: Policy, now: Instant
) -> Iterator[MirrorOptOut]:
    """Yield what to put on the provider's list of numbers, or to take off it.

    Only a number that somebody said stop at goes onto it. What is said on a page is about one person, and the
    provider's list would silence everybody who shares the number.
    """
    for no in after.opt_outs:
        known = any(other.pattern == no.pattern for other in before.opt_outs)
        if not known and _is_whole(no) and no.source != _KNOWN_THERE:
            yield from _change(no, "add", policy, now)
    for yes in after.opt_ins:
        if yes not in before.opt_ins and yes.source not in (PENDING, _KNOWN_THERE):
            for no in before.opt_outs:
                if _is_whole(no) and yes.channel in ("sms", ANY) and lifts(yes, no):
                    yield from _change(no, "remove", policy, now)


def _is_whole(no: Choice) -> bool:
    whole = no.channel in ("sms", ANY) and (no.purpose, no.topic) == (ANY, ANY)
    return whole and is_point(no.address) and no.party != STRANGER


def _change(no: Choice, action: str, policy: Policy, now: Instant) -> Iterator[MirrorOptOut]:
    number = normalise("sms", no.address, policy.region)
    if number:
        yield MirrorOptOut(number, "add" if action == "add" else "remove", now)
