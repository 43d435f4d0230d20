"""The sandbox's broker behind BusSource: receivers of queues and sessions, their locks renewed while held.

Speaks to an emulator alone, in plain AMQP: a namespace on Azure is the business of Azure's own host.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import cast
from urllib.parse import urlsplit

from proton import UNDESCRIBED, Array, Data, Delivery

from sandbox.functions_host.bus_links import Incoming, Questions, lock_token
from sandbox.functions_host.bus_ports import BusMessage, BusReceiver, BusUnavailable
from sandbox.functions_host.bus_reading import read_message
from sandbox.functions_host.bus_wire import HostWire, connect
from sandbox.functions_host.specs import ServiceBusTrigger

_log = logging.getLogger("sandbox.functions_host")
_SESSION_WAIT_SECONDS = 60.0
_PORT = 5672

type Renew = Callable[[], Awaitable[float]]
"""Renews a lock; until when it holds then, in seconds since 1970."""


class AmqpBuses:
    """The connections of one host: one to each broker, shared by all queues, opened when needed."""

    def __init__(self) -> None:
        self._wires: dict[tuple[str, int], HostWire] = {}
        self._questions: dict[tuple[HostWire, str], Questions] = {}
        self._connecting = asyncio.Lock()

    def open(self, trigger: ServiceBusTrigger, renewal: float) -> AmqpSource:
        """Return where a trigger's messages come from; locks are renewed for `renewal` seconds."""
        return AmqpSource(self, trigger, renewal)

    async def wire(self, place: tuple[str, int]) -> HostWire:
        """Return the connection to a broker. Raises BusUnavailable."""
        async with self._connecting:
            wire = self._wires.get(place)
            if wire is None or wire.lost:
                self._questions.clear()
                wire = self._wires[place] = await connect(*place)
            return wire

    def questions(self, wire: HostWire, queue: str) -> Questions:
        """Return what asks a queue's management node. Raises BusUnavailable."""
        if (wire, queue) not in self._questions:
            self._questions[wire, queue] = Questions(wire, queue)
        return self._questions[wire, queue]

    async def close(self) -> None:
        """Hang up everywhere."""
        for wire in self._wires.values():
            wire.close()
        await asyncio.sleep(0)


class AmqpSource:
    """Opens receivers on one queue."""

    def __init__(self, buses: AmqpBuses, trigger: ServiceBusTrigger, renewal: float) -> None:
        self._buses = buses
        self._place = place_of(trigger.connection)
        self._queue = trigger.queue
        self._sessions = trigger.sessions
        self._renewal = renewal

    async def open(self) -> BusReceiver:
        """Open a receiver; with sessions, wait for one that has messages."""
        wire = await self._buses.wire(self._place)
        link = Incoming(wire, self._queue)
        await link.open(_SESSION_WAIT_SECONDS if self._sessions else None)
        locks = Locks(self._renewal, lambda: self._buses.questions(wire, self._queue))
        return AmqpReceiver(link, locks)

    async def close(self) -> None:
        """Nothing: the connection is shared."""


class AmqpReceiver:
    """One open link, and the locks that it holds."""

    def __init__(self, link: Incoming, locks: Locks) -> None:
        self._link = link
        self._locks = locks
        if link.session is not None:
            self._locks.hold(link, locks.session(link.session), link.locked_until)

    async def receive(self, count: int, seconds: float) -> Sequence[BusMessage]:
        """Lock up to `count` messages."""
        found = []
        for delivery, encoded in await self._link.receive(count, seconds):
            message, locked_until = read_message(delivery, encoded, str(lock_token(delivery)))
            if self._link.session is None:
                self._locks.hold(delivery, self._locks.message(delivery), locked_until)
            found.append(message)
        return found

    async def complete(self, message: BusMessage) -> None:
        """Complete a message."""
        await self._settle(message, Delivery.ACCEPTED)

    async def abandon(self, message: BusMessage) -> None:
        """Abandon a message."""
        await self._settle(message, Delivery.MODIFIED)

    async def close(self) -> None:
        """Close the link."""
        self._locks.drop_all()
        await self._link.close()

    async def _settle(self, message: BusMessage, state: int) -> None:
        delivery = cast(Delivery, message.handle)
        self._locks.drop(delivery)
        await self._link.settle(delivery, state)


class Locks:
    """What one receiver holds, each lock renewed at half its time, for `renewal` seconds at most."""

    def __init__(self, renewal: float, questions: Callable[[], Questions]) -> None:
        self._renewal = renewal
        self._questions = questions
        self._timers: dict[object, asyncio.TimerHandle] = {}
        self._renewing: set[asyncio.Task[None]] = set()

    def message(self, delivery: Delivery) -> Renew:
        """Return what renews a message's lock."""

        async def renew() -> float:
            tokens = Array(cast(None, UNDESCRIBED), Data.UUID, lock_token(delivery))
            answer = await self._questions().ask("com.microsoft:renew-lock", {"lock-tokens": tokens})
            (until,) = cast(Sequence[int], answer["expirations"])
            return until / 1000

        return renew

    def session(self, name: str) -> Renew:
        """Return what renews a session's lock."""

        async def renew() -> float:
            answer = await self._questions().ask("com.microsoft:renew-session-lock", {"session-id": name})
            return cast(int, answer["expiration"]) / 1000

        return renew

    def hold(self, what: object, renew: Renew, until: float) -> None:
        """Renew the lock on something until it is dropped."""
        self._again(what, renew, until, time.time() + self._renewal)

    def drop(self, what: object) -> None:
        """Let go of one lock."""
        timer = self._timers.pop(what, None)
        if timer is not None:
            timer.cancel()

    def drop_all(self) -> None:
        """Let go of all."""
        for what in list(self._timers):
            self.drop(what)
        for task in self._renewing:
            task.cancel()

    def _again(self, what: object, renew: Renew, until: float, last: float) -> None:
        now = time.time()
        if now < last:
            pause = max(0.0, (until - now) / 2)
            loop = asyncio.get_running_loop()
            self._timers[what] = loop.call_later(pause, self._start, what, renew, last)

    def _start(self, what: object, renew: Renew, last: float) -> None:
        task = asyncio.create_task(self._renew(what, renew, last))
        self._renewing.add(task)
        task.add_done_callback(self._renewing.discard)

    async def _renew(self, what: object, renew: Renew, last: float) -> None:
        try:
            until = await renew()
        except BusUnavailable as problem:
            _log.warning("service bus: a lock was not renewed: %s", problem)
            return
        if what in self._timers:  # it may have been dropped meanwhile
            self._again(what, renew, until, last)


def place_of(connection: str) -> tuple[str, int]:
    """Read host and port from a connection string of an emulator. Raises ValueError for another."""
    parts = dict(part.partition("=")[::2] for part in connection.split(";") if part)
    if parts.get("UseDevelopmentEmulator", "").lower() != "true":
        raise ValueError("the sandbox's host connects to an emulator alone (UseDevelopmentEmulator=true)")
    address = urlsplit(parts.get("Endpoint", ""))
    return address.hostname or "127.0.0.1", address.port or _PORT
