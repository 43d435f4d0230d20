"""Bookkeeping of event numbers: which notifications of a subscription never came, and has it begun anew.

Servers number the events of a subscription from 1 and may lose or repeat notifications (Subscriptions
Backport requirement 17); the numbers are how a client can tell, and what it then asks `$events` for (85).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from shared.fhir.instants import Instant
from shared.fhir.notification import Notification, Recover
from shared.fhir.number_ranges import Range, bounded, merge, without

REORDERING = 100
"""How far behind the highest number a late notification may be before it is taken for a fresh start."""

MOST_RANGES = 256
"""How many ranges of missing numbers are kept apart; beyond, near ones are taken together with what lies
between, which is then looked for although it was seen: harmless, where losing one would not be."""


class Counter(msgspec.Struct, frozen=True):
    """What is known of one subscription: the highest number, and which up to it have not been seen.

    `missing` holds ranges, both ends inclusive, ascending, apart. `latest` is when the newest notification
    was written, `began` when the first one after a restart was; `starts` counts the restarts.
    """

    highest: int = 0
    missing: tuple[Range, ...] = ()
    latest: Instant | None = None
    began: Instant | None = None
    starts: int = 0


class Gap(msgspec.Struct, frozen=True):
    """Numbers, both ends inclusive, that are newly known to be missing."""

    first: int
    last: int


class Backwards(msgspec.Struct, frozen=True):
    """The subscription counts anew: what came between `was` and the restart is not known."""

    was: int
    now: int


class Duplicate(msgspec.Struct, frozen=True):
    """Every number of the notification was seen before."""


type Finding = Gap | Backwards | Duplicate


def observe(
    counter: Counter, told: Notification, reordering: int = REORDERING
) -> tuple[Counter, tuple[Finding, ...]]:
    """Account for one notification: the new state, and what it brought to light.

    A gap is found once, and stays in `missing` until its numbers are seen or recovered. A late notification
    is told from a fresh start by its time, where both have one: a restart was written after what we know.
    Without times, only one that lies more than `reordering` numbers back (any, for a handshake) is a restart.
    """
    if told.events_since_start is None and not told.event_numbers:
        return counter, ()
    if _before(told.at, counter.began):
        return counter, ()  # written before the restart: its numbers are not ours any more
    reach = max((*told.event_numbers, told.events_since_start or 0))
    slack = 0 if told.kind == "handshake" else reordering
    if reach + slack < counter.highest and not _before(told.at, counter.latest, or_at=True):
        return _restart(counter, told, reach)
    return _advance(counter, told, reach)


def recovery(finding: Finding, subscription: str | None, before: Counter) -> Recover | None:
    """Say where to look for what a finding says is not known; `before` is the state that it came upon."""
    match finding:
        case Gap(first, last):
            return Recover("gap", subscription, first, last, before.latest)
        case Backwards():
            return Recover("backwards", subscription, since=before.latest)
        case Duplicate():
            return None


def recovered(counter: Counter, first: int, last: int) -> Counter:
    """Strike numbers, both ends inclusive, that `$events` or a search has brought."""
    return msgspec.structs.replace(counter, missing=without(counter.missing, [(first, last)]))


def _advance(counter: Counter, told: Notification, reach: int) -> tuple[Counter, tuple[Finding, ...]]:
    seen = _ranges(told.event_numbers)
    missing = without(counter.missing, seen)
    fresh = without([(counter.highest + 1, reach)], seen) if reach > counter.highest else ()
    known = seen and missing == counter.missing and reach <= counter.highest
    after = Counter(
        highest=max(counter.highest, reach),
        missing=bounded(merge((*missing, *fresh)), MOST_RANGES),
        latest=_later(counter.latest, told.at),
        began=counter.began,
        starts=counter.starts,
    )
    return after, (Duplicate(),) if known else tuple(Gap(*gap) for gap in fresh)


def _restart(counter: Counter, told: Notification, reach: int) -> tuple[Counter, tuple[Finding, ...]]:
    anew = Counter(latest=told.at, began=told.at, starts=counter.starts + 1)
    after, findings = _advance(anew, told, reach)
    return after, (Backwards(counter.highest, reach), *findings)


def _ranges(numbers: Iterable[int]) -> tuple[Range, ...]:
    return merge((number, number) for number in numbers if number > 0)


def _before(told: Instant | None, known: Instant | None, or_at: bool = False) -> bool:
    return told is not None and known is not None and (told < known or (or_at and told == known))


def _later(one: Instant | None, other: Instant | None) -> Instant | None:
    return max((at for at in (one, other) if at is not None), default=None)
