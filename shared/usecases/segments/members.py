"""Whom a published segment holds: a bounded count, and why somebody is in it or is not."""

from __future__ import annotations

from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.instants import Instant
from shared.segment.explanation import Explanation
from shared.usecases.known import known
from shared.usecases.populate import population_progress
from shared.usecases.services import Services
from shared.usecases.shelf import load_shelf

COUNTED = 1000
"""Members that are counted one by one: one query of their index."""


class MemberCount(Struct, frozen=True):
    """How many there are."""

    count: int
    more: bool = False
    """There are more than were counted."""
    as_of: Instant | None = None
    """Counted by the latest run over everybody, which ended then; None: just now."""


class Membership(Struct, frozen=True):
    """Whether somebody is in a segment, and why."""

    member: bool
    """As the record has it: what journeys go by."""
    since: Instant | None
    next_change: Instant | None
    """When the next change comes with no new data, if one does."""
    settled: bool
    """The record was looked at with what is published now."""
    explanation: Explanation
    """By what is published, now."""


async def count_members(services: Services, segment: str) -> MemberCount:
    """Count the members of a segment (its url), exactly while they are few. Raises Unavailable."""
    some = await services.indexes.members(segment, "", COUNTED + 1)
    if len(some) <= COUNTED:
        return MemberCount(len(some))
    shelf, _ = await load_shelf(services.documents)
    run = await population_progress(services, shelf.population) if shelf.population else None
    if run is None or run.finished is None or segment not in run.population.segments:
        return MemberCount(COUNTED, more=True)
    return MemberCount(run.segments[segment].members, as_of=run.finished)


async def explain(services: Services, segment: str, key: str) -> Membership:
    """Say why a patient is in a segment (its url). Raises Rejected (unknown-…), Unavailable."""
    record = (await known(services, key)).record
    found = (await services.definitions.current()).segments.get(segment)
    if found is None:
        raise Rejected("no such segment is published", "unknown-segment")
    held, now = record.memberships.get(segment), services.clock.now()
    member = record.is_member(segment)
    answer = found.evaluate(record, now)
    return Membership(
        member=member,
        since=held.since if held is not None and member else None,
        next_change=held.next_flip if held is not None else None,
        settled=answer.member == member,
        explanation=answer.explanation,
    )
