"""Look at a page of patients after a publication: the same `decide` for all, and writes in few requests.

1. Decide for each. Nearly all come out as they were, and nothing is written for them.
2. Write the wake-ups of the others, then commit them, some at once. Who has something to send or to drain,
   or was written by somebody else meanwhile, goes through `react`, as ever.
3. Make the member lists say what the records say. Only then may the page be called done: after a crash it is
   looked at again, and the lists are made right from the records. So these rows need no outbox
   (docs/adr/0013-population-runs.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from shared.catalogue import Catalogue, publication
from shared.decide import decide_all, is_blind
from shared.effects import IndexMember
from shared.errors import Conflict
from shared.events import ClaimsAbandoned, DefinitionsPublished, Event
from shared.fhir.instants import Instant
from shared.patient.record import Decision, PatientRecord
from shared.ports import Stored, Wakeup
from shared.telemetry import count
from shared.usecases.analytics.telling import tell_happened
from shared.usecases.population import Tally
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services
from shared.usecases.told import tell_commit

AT_ONCE = 16
"""Commits under way at the same time."""

_LOOK = DefinitionsPublished(stamp=False)


class Page(Struct, frozen=True):
    """What came of a page."""

    committed: int = 0
    segments: Mapping[str, Tally] = {}


async def look_at_page(services: Services, version: str, page: Sequence[Stored], trigger: Trigger) -> Page:
    """Look at patients as this version was published, and write what that means. Raises Unavailable."""
    newest = max((version, *(stored.record.catalogue for stored in page)), key=publication)
    catalogue = await services.definitions.current(newest)
    number = publication(version)
    segments = tuple(segment.url for segment in catalogue.segments.since(number - 1))
    now = services.clock.now()
    abandoned: list[Event] = [ClaimsAbandoned(trigger.trigger_id)] if trigger.delivery > 1 else []
    work = list(_decided(page, [*abandoned, _LOOK], catalogue, segments, now))
    await services.indexes.schedule_all([wakeup for one in work for wakeup in one.wakeups()])
    changes = _Changes(page, await _carry_out(services, work, trigger))
    for url in segments:
        await _list(services, url, changes, number, now)
    return Page(len(work), {url: changes.tally(url) for url in segments})


class _Work(Struct, frozen=True):
    """A record to write: its decision where a commit is all there is to do, None for the whole loop."""

    stored: Stored
    decision: Decision | None = None

    def wakeups(self) -> list[Wakeup]:
        """Return what must be scheduled before the commit."""
        due = self.decision.record.next_due if self.decision else None
        return [] if due in (None, self.stored.record.next_due) else [Wakeup(self.stored.record.key, due)]


def _decided(
    page: Sequence[Stored],
    events: Sequence[Event],
    catalogue: Catalogue,
    segments: Sequence[str],
    now: Instant,
) -> Iterator[_Work]:
    """Decide for each patient of a page, and yield those for whom there is something to do."""
    for stored in page:
        decision = decide_all(stored.record, events, catalogue, now)
        if is_blind(stored.record, catalogue):  # something has to be read again first
            yield _Work(stored)
        elif decision.record is not stored.record:
            listed = _without_rows(decision, segments)
            noted = decision.record.catalogue == catalogue.version  # by this its rows are found again
            yield _Work(stored, listed if noted and _only_commits(listed, now) else None)
        elif stored.record.outbox:  # perhaps of a delivery that crashed
            yield _Work(stored)


def _without_rows(decision: Decision, segments: Sequence[str]) -> Decision:
    """Take out of the outbox the member rows that are written for the whole page."""
    record = decision.record
    rows = {f"member|{url}" for url in segments} & record.outbox.keys()
    if not rows:
        return decision
    left = {name: effect for name, effect in record.outbox.items() if name not in rows}
    return replace(decision, record=replace(record, outbox=left))


def _only_commits(decision: Decision, now: Instant) -> bool:
    """Say whether nothing is to be sent or carried out once it is committed."""
    record = decision.record
    return not (decision.effects or decision.messages or record.outbox or record.ready_messages(now))


async def _carry_out(services: Services, work: Sequence[_Work], trigger: Trigger) -> dict[str, PatientRecord]:
    """Write what was decided, some at once; the records as they are then, by key."""
    after: dict[str, PatientRecord] = {}
    waiting = iter(work)

    async def one_by_one() -> None:
        for one in waiting:
            after[one.stored.record.key] = await _write(services, one, trigger)

    await asyncio.gather(*(one_by_one() for _ in range(min(AT_ONCE, len(work)))))
    return after


async def _write(services: Services, one: _Work, trigger: Trigger) -> PatientRecord:
    held: Stored | None = one.stored
    if one.decision is not None:
        try:
            left = (await services.patients.commit(one.stored, one.decision)).record
        except Conflict:
            held = None
            count("hearthline.conflicts")
        else:
            tell_commit(one.stored.record, (), replace(one.decision, record=left))
            tell_happened(services, one.stored.record, (), one.decision)
            return left
    return (await react(services, one.stored.record.key, [_LOOK], trigger, held=held)).after


class _Changes:
    """The records of a page, as they were read and as they are now."""

    def __init__(self, page: Sequence[Stored], after: Mapping[str, PatientRecord]) -> None:
        self.before = {stored.record.key: stored.record for stored in page}
        self.after = {**self.before, **after}

    def tally(self, url: str) -> Tally:
        """Count a segment's members, and those who entered and left it."""
        was = {key for key, record in self.before.items() if record.is_member(url)}
        now = {key for key, record in self.after.items() if record.is_member(url)}
        return Tally(len(now), len(now - was), len(was - now))


async def _list(services: Services, url: str, changes: _Changes, number: int, now: Instant) -> None:
    """Make a segment's list say what those records say that were committed with the new catalogue.

    The others are as they were before, and so are their rows. A row is dated by the commit that made the
    record say so at the latest: what a later commit wrote, or writes, stands.
    """
    rows: dict[str, IndexMember] = {}
    left: list[str] = []
    for key, record in changes.after.items():
        if publication(record.catalogue) >= number:
            membership = record.memberships.get(url)
            since = membership.since if membership is not None else now
            rows[key] = IndexMember(url, record.is_member(url), since, record.sequence - 1)
            if changes.before[key].is_member(url) and not rows[key].member:
                left.append(key)
    if rows:
        await services.indexes.list_members(url, rows, left)
