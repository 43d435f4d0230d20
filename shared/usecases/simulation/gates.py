"""The gates of a dry run: who waits before a journey with limits, and whom its keeper lets in when.

As shared.usecases.admission, whose timer looks every minute: first come, first served, as the pace allows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from heapq import heappop, heappush

from shared.fhir.instants import HOUR, MINUTE, Instant
from shared.journey.gate import GATE, GRANTED
from shared.journey.pace import ENDLESS, Granted, Pace, allowance, next_room
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment
from shared.usecases.simulation.slots import count_free
from shared.usecases.simulation.stage import Plan, Stage

MOST = 5000
"""People whom one look lets in."""

type Waits = Callable[[str, str], bool]
"""Says whether a patient (by key) still waits with this enrolment."""


class Gate:
    """The queue before one journey, and what was let in through it."""

    def __init__(self, url: str, pace: Pace, stage: Stage) -> None:
        self.url, self._pace, self._stage = url, pace, stage
        self.by_slots = pace.capacity is not None
        """Whoever leaves the journey makes room for somebody else."""
        self._granted = Granted()
        self._queue: list[tuple[Instant, str, str]] = []
        """As the stored queue has it: who asked first, and of those of one instant by their ids."""
        self._asked: set[str] = set()
        self._open: set[str] = set()
        """Ids of the enrolments whose invitations are open, where slots set the pace."""
        self.looks: Instant | None = None
        """When its keeper looks next."""

    def wait(self, asked: Instant, key: str, enrolment_id: str) -> None:
        """Put somebody into the queue, once."""
        name = f"{key} {enrolment_id}"
        if name in self._asked:
            return
        self._asked.add(name)
        heappush(self._queue, (asked, enrolment_id, key))
        self._plan_look(asked)

    def holds(self, now: Instant, before: Collection[str], held: Collection[str]) -> None:
        """Note which invitations one patient holds, who held those `before`: each that closes makes room."""
        closed = self._open.intersection(before).difference(held)
        self._open.difference_update(closed)
        self._open.update(held)
        if closed:
            self._plan_look(now)

    def let_in(self, now: Instant, waits: Waits) -> list[tuple[str, str]]:
        """Look: who goes in now, in order, as (key, enrolment id)."""
        room, chosen = min(self._room(now), MOST), list[tuple[str, str]]()
        while self._queue and self._queue[0][0] <= now and len(chosen) < room:
            _, enrolment_id, key = heappop(self._queue)
            if waits(key, enrolment_id):
                chosen.append((key, enrolment_id))
        self._granted = self._granted.granting(len(chosen), now)
        self.looks = self._next_look(now) if self._queue else None
        return chosen

    def _plan_look(self, after: Instant) -> None:
        """Have the keeper look at the next minute, unless nobody waits or a look is planned before."""
        following = Instant((after // MINUTE + 1) * MINUTE)
        if self._queue and (self.looks is None or following < self.looks):
            self.looks = following

    def _room(self, now: Instant) -> int:
        free = _free(self._pace, self._stage.plan, now, self._stage)
        return allowance(self._pace, self._granted, now, self._stage.zone, free, len(self._open))

    def _next_look(self, now: Instant) -> Instant | None:
        """Return when there may be room again; slots are looked at every hour, and when somebody leaves."""
        again = Instant(max(now, self._queue[0][0]) // MINUTE * MINUTE + MINUTE)
        room = next_room(self._pace, self._granted, again, self._stage.zone)
        if room is None:
            return None
        if self._pace.capacity is not None and self._room(now) == 0:
            room = max(room, Instant(again + HOUR))
        return Instant(-(-room // MINUTE) * MINUTE)


def _free(pace: Pace, plan: Plan, now: Instant, stage: Stage) -> int | None:
    """Return how many slots are free: as was supposed, or as the data say; endless where nobody knows."""
    if pace.capacity is None:
        return None
    if plan.assumptions.slots is not None:
        return plan.assumptions.slots
    if plan.slots is None:
        return ENDLESS
    return count_free(plan.slots, pace.capacity, now, stage.zone)


def gates_of(stage: Stage) -> dict[str, Gate]:
    """Return the gates of all journeys that have one, by url."""
    journeys = stage.catalogue.journeys
    latest = (journeys.latest(journey.url) for journey in journeys)
    return {j.url: Gate(j.url, j.limits, stage) for j in latest if j is not None and j.limits is not None}


def at_gate(record: PatientRecord) -> list[Enrolment]:
    """Return the enrolments that wait to be let in."""
    return [e for e in record.enrolments.values() if e.step == GATE and e.status == "active"]


def holds_open(enrolment: Enrolment) -> bool:
    """Say whether an enrolment is an invitation that was made and is not answered for."""
    return enrolment.results.get(GATE) == GRANTED
