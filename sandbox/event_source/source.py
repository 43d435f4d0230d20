"""The event source's heart: read changes, let behaviour decide their fate, deliver, retry, give up.

Delivery is at least once. What is not settled is read and sent again after a restart, from the position kept
in a file. Events gather while requests are under way and go out in one batch when a connection is free, so
that a lone change leaves at once and a flood leaves in full batches.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

import msgspec

from sandbox.event_source import dead_letters, retry
from sandbox.event_source.behaviour import Behaviour, Chances
from sandbox.event_source.changes import Change, ChangeLog
from sandbox.event_source.mailbag import Mailbag, Parcel
from sandbox.event_source.schemas import DeadLetter
from sandbox.event_source.target import Target
from shared.fhir.instants import Instant, iso

POLL = 0.005
HANDSHAKE_EVERY = 0.25
CONNECTIONS = 4
BACKLOG = 5_000
"""The most events held in memory; further changes wait in the server's log."""


class Clock(Protocol):
    """Whatever tells the time in which the sandbox plays."""

    def now(self) -> Instant:
        """Return the present instant."""
        ...


class Stats(msgspec.Struct, rename="camel"):
    """What `GET /sandbox/stats` answers; the player is idle when `pending` is 0."""

    received: int = 0
    delivered: int = 0
    attempts: int = 0
    retried: int = 0
    duplicated: int = 0
    dropped: int = 0
    dead_lettered: int = 0
    pending: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True)
class Options:
    """The account in subjects, where state lies, and how long a second of Event Grid's lasts here."""

    account: str
    state: Path
    retry_scale: float


class EventSource:
    """Moves changes from the log to the target until it is cancelled."""

    def __init__(self, log: ChangeLog, target: Target, clock: Clock, options: Options) -> None:
        self._log, self._target, self._clock, self._options = log, target, clock, options
        options.state.mkdir(parents=True, exist_ok=True)
        self._file = os.open(options.state / "position", os.O_RDWR | os.O_CREAT, 0o600)
        self._settled = -1  # so that the very first position is kept as well
        self._read_to = self._start()
        self._bag = Mailbag(self._read_to)
        self._chances = Chances(Behaviour())
        self._jitter = Random()
        self._sending: set[asyncio.Task[None]] = set()
        self._behind = True
        self._stats = Stats()
        self._failure: BaseException | None = None
        self._keep_position()
        self.handshaken = False

    @property
    def behaviour(self) -> Behaviour:
        """How events fare now."""
        return self._chances.behaviour

    @behaviour.setter
    def behaviour(self, wanted: Behaviour) -> None:
        self._chances = Chances(wanted)

    def stats(self) -> Stats:
        """Count everything up to this very moment: a change just committed is pending already."""
        pending = len(self._bag) + self._log.end() - self._read_to
        return msgspec.structs.replace(self._stats, pending=pending, position=self._settled)

    async def run(self) -> None:
        """Shake hands, then deliver for ever. A failed delivery is no error; an unreadable log is."""
        while (problem := await self._target.handshake(iso(self._clock.now()))) is not None:
            print(f"handshake with {self._target.url}: {problem}", flush=True)  # noqa: T201  # its log
            await asyncio.sleep(HANDSHAKE_EVERY)
        self.handshaken = True
        while self._failure is None:
            self._read()
            self._send_due()
            self._keep_position()
            await asyncio.sleep(POLL)
        raise self._failure

    async def close(self) -> None:
        """Break off what is under way: it is sent again by the next run."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        await self._target.session.close()
        self._log.close()
        os.close(self._file)

    def _read(self) -> None:
        self._behind |= self._log.grew()
        room = BACKLOG - len(self._bag)
        if room <= 0 or not self._behind:
            return
        now, changes = _monotonic(), self._log.after(self._read_to, room)
        for change in changes:
            self._take_in(change, now)
            self._read_to = change.position
        self._behind = len(changes) == room

    def _take_in(self, change: Change, now: float) -> None:
        event = self._target.schema.event(change, self._options.account)
        fates = self._chances.fates()
        self._bag.add(change.position, [(now + wait, Parcel(change.position, event, now)) for wait in fates])
        self._stats.received += 1
        self._stats.dropped += not fates
        self._stats.duplicated += len(fates) > 1

    def _send_due(self) -> None:
        while not self.behaviour.hold and len(self._sending) < CONNECTIONS:
            batch = self._bag.take(_monotonic(), self.behaviour.batch)
            if not batch:
                return
            task = asyncio.create_task(self._deliver(batch))
            self._sending.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = error

    async def _deliver(self, batch: Sequence[Parcel]) -> None:
        status = await self._target.send(batch)
        self._stats.attempts += 1
        if status is not None and retry.succeeded(status):
            for parcel in batch:
                self._bag.settle(parcel)
            self._stats.delivered += len(batch)
            return
        dead = [parcel for parcel in batch if not self._retry(parcel, status)]
        if dead:
            self._bury(dead, status)

    def _retry(self, parcel: Parcel, status: int | None) -> bool:
        """Put a parcel back for a later attempt; False when there shall be none."""
        now, scale = _monotonic(), self._options.retry_scale
        parcel.attempts += 1
        wait = retry.next_wait(status, parcel.attempts, (now - parcel.published) / scale, self._jitter)
        if isinstance(wait, retry.GiveUp):
            parcel.given_up = wait.reason
            return False
        self._bag.put_back(now + wait * scale, parcel)
        self._stats.retried += 1
        return True

    def _bury(self, parcels: Sequence[Parcel], status: int | None) -> None:
        now = self._clock.now()
        letters = [
            self._target.schema.dead(one.event, self._letter(one, status, iso(now))) for one in parcels
        ]
        dead_letters.write(self._options.state / "deadletter", letters, now)
        for parcel in parcels:
            self._bag.settle(parcel)
        self._stats.dead_lettered += len(parcels)

    def _letter(self, parcel: Parcel, status: int | None, at: str) -> DeadLetter:
        published = str(parcel.event.get("eventTime") or parcel.event.get("time"))
        return DeadLetter(parcel.given_up, retry.outcome(status), parcel.attempts, published, at)

    def _start(self) -> int:
        """Return the position kept by the last run, else the newest: a first run delivers only news."""
        kept = os.pread(self._file, 20, 0)
        return int(kept) if kept else self._log.end()

    def _keep_position(self) -> None:
        settled = self._bag.settled_to
        if settled != self._settled:
            os.pwrite(self._file, b"%020d" % settled, 0)  # of fixed width: a kill leaves the old or the new
            self._settled = settled


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
