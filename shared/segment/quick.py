"""The commonest plain patterns as one loop: is there any yet, and the newest within a window over starts.

Beside the general way of shared.segment.criteria.resource, which these leave to it: whatever may yet come in.
"""

from __future__ import annotations

from msgspec import Struct

from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.choice import Choice
from shared.segment.criterion import FAILS, HOLDS, Outcome, Test
from shared.segment.picking import recency
from shared.segment.selection import Find, Keep
from shared.segment.timeline import edges
from shared.segment.wall import ALWAYS


class Plain(Struct, frozen=True):
    """A plain pattern in its compiled parts."""

    find: Find
    keep: Keep
    accept: Keep | None
    """What the chosen fact must be, where one is chosen."""
    chosen: Choice
    wanted: bool
    """Whether the criterion holds when there is one, or when there is none."""

    @property
    def outcomes(self) -> tuple[Outcome, Outcome]:
        """Return what it answers, for good, when there is one and when there is none."""
        return (HOLDS, FAILS) if self.wanted else (FAILS, HOLDS)


def quick(plain: Plain, general: Test) -> Test:
    """Return the quick test of a pattern, or the general one where there is no quicker."""
    timeline, count = plain.chosen.timeline, plain.chosen.count
    single = len(timeline.relations) == 1 and timeline.relations[0].kind in ("starts", "begun")
    if not single or count > 1 or not (count or plain.chosen.latest):
        return general
    if timeline.undated and timeline.leaves:  # what has no date does not leave with the newest
        return general
    return _any(plain, general) if count and not timeline.leaves else _newest(plain, general)


def _any(plain: Plain, general: Test) -> Test:
    """Let the first that has begun settle it for good: one will do, and none goes away by time."""
    find, keep, (yes, no) = plain.find, plain.keep, plain.outcomes
    window, undated = edges(plain.chosen.timeline.relations[0]), plain.chosen.timeline.undated

    def test(record: PatientRecord, now: Instant) -> Outcome:
        waiting = False
        lower, upper = window(now)
        for fact in find(record.facts):
            start = fact.start
            if start is None:
                if undated and keep(fact):
                    return yes
            elif start >= lower and keep(fact):
                if start < upper:
                    return yes
                waiting = True
        return general(record, now) if waiting else no

    return test


def _newest(plain: Plain, general: Test) -> Test:
    """Let the newest decide, be it chosen or the last to leave the window."""
    find, keep, accept, (yes, no) = plain.find, plain.keep, plain.accept, plain.outcomes
    timeline, wanted = plain.chosen.timeline, plain.wanted
    window, undated, leaves = edges(timeline.relations[0]), timeline.undated, timeline.leaves
    reaches = timeline.relations[0].lower.reaches

    def test(record: PatientRecord, now: Instant) -> Outcome:
        lower, upper = window(now)
        newest: Fact | None = None
        latest = ALWAYS
        for fact in find(record.facts):
            start = fact.start
            if start is None:
                if not undated:
                    continue
                start = ALWAYS
            if start < latest or start < lower or not keep(fact):
                continue
            if start >= upper:
                return general(record, now)
            if newest is None or start > latest or recency(fact) > recency(newest):
                newest, latest = fact, start
        if newest is None or (accept is not None and not accept(newest)):
            return no
        return (wanted, reaches(Instant(latest + 1)), True) if leaves else yes

    return test
