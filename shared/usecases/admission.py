"""Let those in who wait before journeys with limits: first come, first served, as many as the pace says.

A timer calls `admit`. Whom it lets in is written down before it is queued, so that a crash anywhere repeats
some of it and loses nobody: to let somebody in twice does nothing. The queue brings each Grant to `grant`.
"""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import batched

from msgspec import Struct
from msgspec.structs import replace

from shared.errors import Conflict, Rejected, Unavailable
from shared.events import EntryGranted
from shared.journey.gate import GATE
from shared.ports import Entry
from shared.queues import ENTRIES
from shared.usecases.admitted import Admitted, load_admitted, save_admitted
from shared.usecases.jobs import Grant
from shared.usecases.posting import post
from shared.usecases.react import Trigger, react
from shared.usecases.room import invited, room_now
from shared.usecases.services import Services

BATCH = 200
"""People who are let in between two writes of the document."""
ROUNDS = 25
"""Batches of one journey that one call of the timer lets in."""
AT_ONCE = 16


class Admission(Struct, frozen=True):
    """What one call of the timer did."""

    let_in: int
    hindered: tuple[str, ...] = ()
    """Why nobody could be let into some journey."""


async def admit(services: Services) -> Admission:
    """Let in whoever may go now. Raises Unavailable when storage cannot be had."""
    let_in, hindered = 0, list[str]()
    for journey in await services.indexes.journeys_asked():
        try:
            let_in += await _admit(services, journey)
        except Conflict:
            continue  # another instance is at it
        except (Rejected, Unavailable) as failed:
            hindered.append(failed.reason)
    return Admission(let_in, tuple(hindered))


async def grant(services: Services, job: Grant, trigger: Trigger) -> None:
    """Let one in; somebody who is in already stays as they are. Raises Unavailable."""
    await react(services, job.key, [EntryGranted(job.enrolment_id)], trigger)


async def _admit(services: Services, url: str) -> int:
    state, etag = await load_admitted(services.documents, url)
    if state.pending:  # whoever wrote this down did not come to its end
        state, etag = await _hand_on(services, state, etag)
    journeys, let_in = (await services.definitions.current()).journeys, 0
    journey = journeys.latest(url)
    if journey is not None and journeys.paused(url):
        return 0
    for _ in range(ROUNDS):
        seen = _Open(services, state)
        now, pace = services.clock.now(), journey.limits if journey else None
        room = await room_now(services, pace, state.granted, now, seen.count, BATCH)
        chosen = await _choose(services, url, room) if room else ()
        if not chosen:
            break
        unseen = (*seen.unseen, *chosen) if pace is not None and pace.capacity is not None else ()
        granted = state.granted.granting(len(chosen), now)
        state = replace(state, granted=granted, pending=chosen, unseen=unseen)
        etag = await save_admitted(services.documents, state, etag)
        state, etag = await _hand_on(services, state, etag)
        let_in += len(chosen)
    return let_in


async def _hand_on(services: Services, state: Admitted, etag: str) -> tuple[Admitted, str]:
    """Queue those who were chosen, take their rows away, and note that it is done."""
    for entries in batched(state.pending, AT_ONCE, strict=False):
        jobs = (Grant(entry.key, entry.enrolment_id) for entry in entries)
        await asyncio.gather(*(post(services.queue, ENTRIES, job) for job in jobs))
    for entries in batched(state.pending, AT_ONCE, strict=False):
        await asyncio.gather(*map(services.indexes.drop_entry, entries))
    done = replace(state, pending=())
    return done, await save_admitted(services.documents, done, etag)


async def _choose(services: Services, url: str, room: int) -> tuple[Entry, ...]:
    """Return the first so many who still wait; drop the rows of those who do not, pass over those on hold."""
    chosen: dict[str, Entry] = {}
    after: Entry | None = None
    while len(chosen) < room:
        page = await services.indexes.entries(url, after, min(room - len(chosen), 100))
        if not page:
            break
        after = page[-1]
        for some in batched(page, AT_ONCE, strict=False):
            ready = await asyncio.gather(*map(partial(_waits, services), some))
            for entry, waits in zip(some, ready, strict=True):
                if waits:
                    chosen.setdefault(entry.enrolment_id, entry)
    return tuple(chosen.values())


async def _waits(services: Services, entry: Entry) -> bool:
    """Say whether somebody stands at the gate, by the record itself: a row may be behind."""
    record = (await services.patients.load(entry.key)).record
    enrolment = record.enrolments.get(entry.enrolment_id)
    if enrolment is None or enrolment.step != GATE:
        await services.indexes.drop_entry(entry)
        return False
    return enrolment.status == "active"


class _Open:
    """Counts open invitations: by the roster, and by the records of those whom it does not show yet."""

    def __init__(self, services: Services, state: Admitted) -> None:
        self._services = services
        self._state = state
        self.unseen: tuple[Entry, ...] = state.unseen

    async def count(self) -> int:
        """Return how many there are; `unseen` is then who of those let in is not in the roster yet."""
        rows = {row.enrolment.enrolment_id async for row in invited(self._services, self._state.journey)}
        hidden = [entry for entry in self.unseen if entry.enrolment_id not in rows]
        inside = await asyncio.gather(*map(self._inside, hidden))
        self.unseen = tuple(entry for entry, still in zip(hidden, inside, strict=True) if still)
        return len(rows) + len(self.unseen)

    async def _inside(self, entry: Entry) -> bool:
        return entry.enrolment_id in (await self._services.patients.load(entry.key)).record.enrolments
