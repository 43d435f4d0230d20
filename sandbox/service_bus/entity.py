"""A queue at work: who waits at it is served whenever it changes, and time passes for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sandbox.service_bus.errors import NOT_ALLOWED, TIMEOUT, Refused
from sandbox.service_bus.queue import Queue
from sandbox.service_bus.stored import Lock


class Consumer(Protocol):
    """A receiver's link; `session` is the one that it holds."""

    session: str | None

    def ready(self) -> bool:
        """Say whether the receiver has asked for a message."""
        ...

    def hand_out(self, lock: Lock, locked_until: float) -> None:
        """Send a message to the receiver."""
        ...

    def accepted(self, locked_until: float) -> None:
        """Open the link: its session is locked."""
        ...

    def refuse(self, refusal: Refused) -> None:
        """Close the link with an error."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Acceptance:
    """A receiver that waits for a session until `limit`, in seconds since 1970."""

    consumer: Consumer
    wanted: str | None
    limit: float


class Entity:
    """A queue with its consumers and its timer; lives in one event loop."""

    def __init__(self, queue: Queue, clock: Callable[[], float] = time.time) -> None:
        self.queue = queue
        self.now = clock
        self._consumers: list[Consumer] = []
        self._acceptances: list[_Acceptance] = []
        self._timer: asyncio.TimerHandle | None = None

    def join(self, consumer: Consumer) -> None:
        """Add a receiver without a session. Raises Refused."""
        self._require(sessions=False)
        self._consumers.append(consumer)

    def join_session(self, consumer: Consumer, wanted: str | None, patience: float) -> None:
        """Add a receiver that wants a session, and waits `patience` seconds for one."""
        self._require(sessions=True)
        self._acceptances.append(_Acceptance(consumer, wanted, self.now() + patience))
        self.pump()

    def leave(self, consumer: Consumer) -> None:
        """Remove a receiver: its session is free again, its other locks hold on, as in Azure."""
        self._consumers = [each for each in self._consumers if each is not consumer]
        self._acceptances = [each for each in self._acceptances if each.consumer is not consumer]
        if consumer.session is not None:
            self.queue.leave_session(consumer.session, consumer, self.now())
        self.pump()

    def pump(self) -> None:
        """Hand out what can be handed out now, and come back when time changes that."""
        now = self.now()
        for holder in self.queue.advance(now):
            self._lose(holder)
        for acceptance in tuple(self._acceptances):
            self._serve(acceptance, now)
        while self._round(now):
            continue
        self._rearm(now)

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _require(self, sessions: bool) -> None:
        if self.queue.uses_sessions is None:
            self.queue.require_sessions(sessions)
        if self.queue.uses_sessions != sessions:
            demand = "requires sessions" if self.queue.uses_sessions else "does not require sessions"
            raise Refused(NOT_ALLOWED, f"the queue {demand}; the receiver does not fit")

    def _lose(self, holder: object) -> None:
        for consumer in [each for each in self._consumers if each is holder]:
            self._consumers.remove(consumer)
            consumer.session = None
            consumer.refuse(Refused("com.microsoft:session-lock-lost", "the session lock has expired"))

    def _serve(self, acceptance: _Acceptance, now: float) -> None:
        consumer = acceptance.consumer
        try:
            session = self.queue.accept_session(acceptance.wanted, consumer, now)
            if session is None and now >= acceptance.limit:
                raise Refused(TIMEOUT, "no session had messages in time")
        except Refused as refusal:
            self._acceptances.remove(acceptance)
            consumer.refuse(refusal)
            return
        if session is not None:
            self._acceptances.remove(acceptance)
            consumer.session = session
            self._consumers.append(consumer)
            consumer.accepted(self.queue.sessions.until(session))

    def _round(self, now: float) -> int:
        """Offer everybody one message; how many were taken."""
        return sum(self._offer(consumer, now) for consumer in tuple(self._consumers))

    def _offer(self, consumer: Consumer, now: float) -> bool:
        lock = self.queue.take(consumer.session, now) if consumer.ready() else None
        if lock is None:
            return False
        consumer.hand_out(lock, self.queue.locked_until(lock))
        return True

    def _rearm(self, now: float) -> None:
        self.close()
        limits = [each.limit for each in self._acceptances]
        event = self.queue.next_event()
        moment = min(limits if event is None else [event, *limits], default=None)
        if moment is not None:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, moment - now), self.pump)
