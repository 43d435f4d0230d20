"""Verdict: whether a message goes now, later or never, by quiet hours, caps and expiry together.

The guard asks it right before each send, after everything else has allowed the message.
"""

from __future__ import annotations

from msgspec import Struct

from shared.fhir.instants import Instant
from shared.message.policy import Policy
from shared.message.timing.caps import over
from shared.message.timing.quiet import Opening, opening, shown
from shared.message.timing.zones import plausible_places, plausible_zones
from shared.patient.record import PatientRecord
from shared.patient.state import Message


class Goes(Struct, frozen=True):
    """It may be sent at once."""

    note: str = ""
    """What staff should know about the hour, or ""."""


class Later(Struct, frozen=True):
    """It waits: look again at `until`."""

    until: Instant
    reason: str


class Never(Struct, frozen=True):
    """It ends unsent."""

    reason: str


def timing(
    record: PatientRecord,
    message: Message,
    policy: Policy,
    now: Instant,
    *,
    urgent: bool = False,
    latest: Instant | None = None,
) -> Goes | Later | Never:
    """Say whether the time has come for a message.

    An answer to a reply always goes. Something `urgent` does not wait for quiet hours to end, unless it is
    marketing; caps hold for it too. `latest` is when its focus starts, if it is of no use after that.
    """
    if message.answers:
        return Goes()
    ends = _ends(message, latest)
    if ends is not None and ends[0] <= now:
        return Never(f"too late: {ends[2]}")
    hit = over(record, message, policy, now)
    if hit is not None and hit.until is None:
        return Never(hit.reason)
    room = now if hit is None or hit.until is None else hit.until
    hours = (
        Opening(room) if urgent and message.purpose != "marketing" else _hours(record, message, policy, room)
    )
    if hours.at == now:
        return Goes(hours.note)
    reason = hours.reason if hit is None else f"{hit.reason}, until {shown(hours.at, policy.zone, now)}"
    if ends is not None and ends[0] <= hours.at:
        return Never(f"too late: {reason}, and {ends[1]} at {shown(ends[0], policy.zone, now)}")
    return Later(hours.at, reason)


def _hours(record: PatientRecord, message: Message, policy: Policy, at: Instant) -> Opening:
    """Find the first instant from `at` on that is in nobody's quiet hours."""
    if policy.quiet is None:
        return Opening(at)
    related = record.facts.get(message.party) if message.party else None
    zones = plausible_zones(record.person, related, policy)
    places = plausible_places(record.person, related, policy)
    return opening(policy.quiet, zones, places, at, policy.zone)


type _End = tuple[Instant, str, str]
"""When it is too late, and how that is said before and after."""


def _ends(message: Message, latest: Instant | None) -> _End | None:
    known: list[_End] = []
    if latest is not None:
        focus = message.focus or "what it is about"
        known.append((latest, f"{focus} starts", f"{focus} has started"))
    if message.expires is not None:
        known.append((message.expires, "it expires", "it has expired"))
    return min(known, key=lambda end: end[0], default=None)
