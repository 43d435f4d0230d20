"""The events that wait to be delivered: what is due, in batches, and what a restart must send again."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from itertools import count

import orjson

from sandbox.event_source.schemas import Json

BATCH_BYTES = 64 * 1024


@dataclass(slots=True)
class Parcel:
    """One event on its way: its bytes, the change it came from and the attempts so far."""

    position: int
    event: Json
    published: float
    body: bytes = field(init=False)
    attempts: int = 0
    given_up: str = ""
    """Why there is no further attempt, once there is none."""

    def __post_init__(self) -> None:
        self.body = orjson.dumps(self.event)


class Mailbag:
    """Parcels by the time they are due, and the positions not yet settled."""

    def __init__(self, position: int) -> None:
        self._heap: list[tuple[float, int, Parcel]] = []
        self._order = count()
        self._unsettled: Counter[int] = Counter()  # keeps the order of positions, the first is the lowest
        self._read_to = position

    def __len__(self) -> int:
        return self._unsettled.total()

    @property
    def settled_to(self) -> int:
        """The position up to which nothing is owed any more: where a restart begins to read."""
        return next(iter(self._unsettled), self._read_to + 1) - 1

    def add(self, position: int, parcels: list[tuple[float, Parcel]]) -> None:
        """Take in what a change became, each parcel with the time it is due; none when it was dropped."""
        self._read_to = position
        for due, parcel in parcels:
            self._unsettled[position] += 1
            self.put_back(due, parcel)

    def put_back(self, due: float, parcel: Parcel) -> None:
        """Let a parcel wait until `due`."""
        heapq.heappush(self._heap, (due, next(self._order), parcel))

    def settle(self, parcel: Parcel) -> None:
        """Owe this parcel no longer."""
        self._unsettled[parcel.position] -= 1
        if not self._unsettled[parcel.position]:
            del self._unsettled[parcel.position]

    def next_due(self) -> float | None:
        """Return when the next parcel is due, None when none waits."""
        return self._heap[0][0] if self._heap else None

    def take(self, now: float, most: int) -> list[Parcel]:
        """Take what is due: at most `most` parcels and 64 KiB (but always one, however large)."""
        batch: list[Parcel] = []
        size = 0
        while self._heap and self._heap[0][0] <= now and len(batch) < most:
            size += len(self._heap[0][2].body)
            if batch and size > BATCH_BYTES:
                break
            batch.append(heapq.heappop(self._heap)[2])
        return batch
