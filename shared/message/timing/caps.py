"""Caps: how many messages a person gets within a rolling window, over all channels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from shared.fhir.calendar import Duration, describe
from shared.fhir.choice import PURPOSES, Purpose
from shared.fhir.fact import Fact
from shared.fhir.instants import DAY, Instant
from shared.patient.engagement import ENGAGEMENT, SYSTEM, UNCOUNTED, uncounted
from shared.patient.record import PatientRecord
from shared.patient.state import Message

if TYPE_CHECKING:
    from shared.message.policy import Policy  # which holds caps itself

HOLDS = DAY
"""How long before its due a message that matters more holds its place."""
_RANK: dict[str, int] = {purpose: rank for rank, purpose in enumerate(PURPOSES)}


class Cap(Struct, frozen=True):
    """At most `most` messages of these purposes within any `window` (microseconds)."""

    purposes: frozenset[Purpose]
    most: int
    window: int
    then: Literal["defer", "drop"] = "defer"
    counts: frozenset[Purpose] = frozenset()
    """Purposes that take up room beside those, and are not held back by this cap themselves."""


class CapHit(Struct, frozen=True):
    """A cap that a message would be above."""

    reason: str
    until: Instant | None
    """When there is room again, as far as is known now; None for a message that is dropped."""
    then: Literal["defer", "drop"]


class _Counted(Struct, frozen=True):
    """A message that takes up room: since when, and what for."""

    at: Instant
    purpose: str
    sent: bool


def over(record: PatientRecord, message: Message, policy: Policy, now: Instant) -> CapHit | None:
    """Return the cap that forbids sending this message now: one that drops it, else that of the longest wait.

    Counted are messages to or about the patient, whoever got them, that matter as much as this one or more
    (PURPOSES): sent ones from the instant of sending until exactly `window` later, those on their way or
    whose fate is not known, and of those that matter more also the ones to be sent within HOLDS.
    Answers to replies, and what goes within another message, count neither way.
    """
    caps = [cap for cap in policy.caps if message.purpose in cap.purposes]
    if not caps or uncounted(message):
        return None
    counted = tuple(_counted(record, message, now))
    hits = [hit for cap in caps if (hit := _over(cap, counted, now)) is not None]
    return max(hits, key=lambda hit: (hit.then == "drop", hit.until or 0), default=None)


def _over(cap: Cap, counted: tuple[_Counted, ...], now: Instant) -> CapHit | None:
    within = [c for c in counted if c.purpose in cap.purposes | cap.counts and now < c.at + cap.window]
    surplus = len(within) - cap.most
    if surplus < 0:
        return None
    held = sum(not c.sent for c in within)
    reason = f"frequency cap: {_amount(cap)}" + (f", {held} of them still to be sent" if held else "")
    if cap.then == "drop":
        return CapHit(reason, None, cap.then)
    leaves = sorted(c.at + cap.window for c in within)[surplus]
    return CapHit(reason, Instant(leaves), cap.then)


def _counted(record: PatientRecord, message: Message, now: Instant) -> Iterator[_Counted]:
    """Yield what counts against a message, each once."""
    rank = _RANK.get(message.purpose, 0)
    past = {fact.attributes["message"][0]: fact for fact in _sent(record)}
    for fact in past.values():
        purpose = next(iter(fact.attributes.get("purpose", ())), "care")  # before purposes were noted
        if _RANK.get(purpose, 0) <= rank and not fact.attributes.get(UNCOUNTED):
            yield _Counted(fact.start or fact.updated, purpose, sent=True)
    for other in record.messages.values():
        if other.message_id in past or other.message_id == message.message_id or uncounted(other):
            continue
        ahead = _RANK.get(other.purpose, 0)
        if other.status in ("in-progress", "unknown", "completed") and ahead <= rank:
            yield _Counted(other.first_sent or other.created, other.purpose, sent=True)
        elif other.status == "preparation" and ahead < rank and _holds(other, now):
            yield _Counted(max(other.due, now), other.purpose, sent=False)


def _sent(record: PatientRecord) -> list[Fact]:
    return record.facts.coded(ENGAGEMENT, f"{SYSTEM}|sent")


def _holds(other: Message, now: Instant) -> bool:
    return other.due < now + HOLDS and (other.expires is None or now < other.expires)


def _amount(cap: Cap) -> str:
    """Say how many are too many: "2 marketing messages within 7 days"."""
    days, micros = divmod(cap.window, DAY)
    named = [purpose for purpose in PURPOSES if purpose in cap.purposes | cap.counts]
    what = f"{', '.join(named)} message{'' if cap.most == 1 else 's'}"
    return f"{cap.most} {what} within {describe(Duration(days=days, micros=micros))}"
