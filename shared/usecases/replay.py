"""Replay what Event Grid gave up: the events of a dead-letter blob go onto the queue as if delivered now.

Those of the FHIR server as changes, those of Communication Services as they came, onto their own queue.
May be done again and again: what is known already changes nothing.
"""

from __future__ import annotations

from collections import Counter

from msgspec import Struct
from msgspec.json import encode

from shared.errors import Rejected
from shared.fhir.dead_letter import DeadLetter, read_dead_letters
from shared.fhir.notification import Heard, Ignored, Limits
from shared.fhir.notifications.reading import safe_id
from shared.fhir.sources import Source
from shared.queues import ACS_EVENTS
from shared.usecases.hear import take_parsed
from shared.usecases.posting import pass_on
from shared.usecases.services import Services

LIMITS = Limits(body=256 * 1024 * 1024, events=200_000)
"""A blob comes from our own storage, so it may be larger than a delivery."""

SOURCE = Source(name="replay", formats=frozenset({"event-grid", "cloud-events"}), required=False)


class Replayed(Struct, frozen=True):
    """What came of one blob: how much of it was queued, which events were not, and why all were dead."""

    events: int
    queued: int
    ignored: tuple[Ignored, ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()
    """What Event Grid says, most frequent first; events without a reason are left out."""


async def replay(services: Services, blob: bytes, limits: Limits = LIMITS) -> Replayed:
    """Queue the events of a dead-letter blob. Raises Rejected for what is none, Unavailable."""
    undelivered = read_dead_letters(blob, limits)
    if not isinstance(undelivered.parsed, Heard):
        raise Rejected("a handshake, not events that were given up", "not-a-dead-letter")
    receipt = await take_parsed(services, SOURCE, undelivered.parsed, replayed=True)
    for report in undelivered.reports:
        await pass_on(services.queue, ACS_EVENTS, encode(report), "", str(safe_id(report)))
    queued = receipt.queued + len(undelivered.reports)
    return Replayed(len(undelivered.letters), queued, receipt.ignored, _reasons(undelivered.letters))


def _reasons(letters: tuple[DeadLetter, ...]) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(letter.reason for letter in letters if letter.reason).most_common())
