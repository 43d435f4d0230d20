"""How many may be let in now: a pace, what was granted before, free slots, and invitations still open.

Used by the gate (shared.usecases.admission) and by campaigns (shared.usecases.campaigns.tick).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from math import ceil

from shared.fhir.instants import Instant
from shared.journey.gate import GATE, GRANTED
from shared.journey.pace import Granted, Pace, allowance
from shared.ports import RosterRow
from shared.usecases.free_slots import free_slots
from shared.usecases.services import Services

type CountOpen = Callable[[], Awaitable[int]]


async def room_now(
    services: Services, pace: Pace | None, granted: Granted, now: Instant, count_open: CountOpen, most: int
) -> int:
    """Say how many may be let in now, at most `most`.

    Slots are searched for, and open invitations counted, only where that could make a difference. Raises
    Unavailable, Rejected (the server refuses the search).
    """
    if pace is None:
        return most
    room = min(allowance(pace, granted, now, services.zone), most)
    if pace.capacity is None or room == 0:
        return room
    opened = await count_open()
    enough = ceil((opened + room) / pace.capacity.per_slot)
    free = await free_slots(services, pace.capacity, now, enough)
    return min(room, allowance(pace, granted, now, services.zone, free, opened))


async def invited(services: Services, journey: str) -> AsyncIterator[RosterRow]:
    """Walk those inside a journey (by url) who are past its gate: a query for each thousand."""
    found = (await services.definitions.current()).journeys.latest(journey)
    gated = found is not None and found.limits is not None
    async for row in walk(services, journey, inside=True):
        if not gated or row.enrolment.results.get(GATE) == GRANTED:
            yield row


async def walk(
    services: Services, journey: str, run: str | None = None, *, inside: bool = False
) -> AsyncIterator[RosterRow]:
    """Walk a roster page by page; see Roster.roster."""
    after = ""
    while page := await services.indexes.roster(journey, run, inside=inside, after=after):
        for row in page:
            yield row
        after = page[-1].place
