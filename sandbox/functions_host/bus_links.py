"""The two kinds of link that the functions host opens: one to receive on, one to ask the broker on.

Source: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-protocol-guide and, for what
is asked, https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-request-response.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from typing import Any

from cproton import bytes2pybytes, lib  # type: ignore[import-untyped]  # ships no types
from proton import Delivery, Message, symbol, uint

from sandbox.functions_host.bus_ports import BusUnavailable, NoSession
from sandbox.functions_host.bus_wire import HostWire

_SESSION_FILTER = symbol("com.microsoft:session-filter")
_LOCKED_UNTIL = symbol("com.microsoft:locked-until-utc")
_TIMEOUT = symbol("com.microsoft:timeout")
_EPOCH_TICKS = 621_355_968_000_000_000  # 1970 in .NET's 100 ns since year 1
_PATIENCE = 10.0  # seconds for an answer


class Incoming:
    """A link that messages come in on: of a queue, or of the next session that has some."""

    def __init__(self, wire: HostWire, queue: str) -> None:
        self._wire = wire
        self._loop = asyncio.get_running_loop()
        self._link = wire.receiver(queue, self)
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._arrived = asyncio.Event()
        self._drained = asyncio.Event()
        self._buffer: deque[tuple[Delivery, bytes]] = deque()
        self._settling: dict[Delivery, asyncio.Future[int]] = {}
        self._ended: str | None = None
        self.session: str | None = None
        self.locked_until = 0.0
        """Until when the session is ours; seconds since 1970."""

    async def open(self, session_wait: float | None = None) -> None:
        """Open it; with `session_wait` wait as many seconds for a session.

        Raises NoSession, BusUnavailable.
        """
        if session_wait is not None:
            self._link.source.filter.put_dict({_SESSION_FILTER: None})
            self._link.properties = {_TIMEOUT: uint(int(session_wait * 1000))}
        self._link.open()
        self._wire.soon()
        try:
            await self._ready
        except BaseException:
            self._wire.hang_up(self._link)
            raise
        if session_wait is not None:
            self._read_session()

    async def receive(self, most: int, seconds: float) -> list[tuple[Delivery, bytes]]:
        """Take up to `most` messages, waiting up to `seconds` for the first. Raises BusUnavailable."""
        wanted = most - len(self._buffer) - self._link.credit
        if self._ended is None and wanted > 0:
            self._link.flow(wanted)
            self._wire.soon()
        if not self._buffer and self._ended is None:
            await self._wait(seconds)
        if not self._buffer and self._ended is not None:
            raise BusUnavailable(self._ended)
        return [self._buffer.popleft() for _ in range(min(most, len(self._buffer)))]

    async def settle(self, delivery: Delivery, state: int) -> None:
        """Settle a message, and see that the broker agrees. Raises BusUnavailable when it does not."""
        if self._ended is not None:
            raise BusUnavailable(self._ended)
        settled = self._settling[delivery] = self._loop.create_future()
        delivery.local.failed = state == Delivery.MODIFIED
        delivery.update(state)
        self._wire.soon()
        if await settled != state:
            raise BusUnavailable("the lock was lost")

    async def close(self) -> None:
        """Give back what was not taken, and close; in a session what is unsettled comes back by itself."""
        if self._ended is None and self.session is None:
            await self._drain()
        if self._ended is None:
            for delivery, _ in self._buffer:
                delivery.update(Delivery.RELEASED)
                delivery.settle()
            self._wire.hang_up(self._link)
            self.on_close("closed")

    async def _drain(self) -> None:
        """Take back the credit, lest the broker lock messages that are on their way to nobody."""
        self._link.drain(0)
        if not self._link.draining():
            return
        self._wire.soon()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._drained.wait()

    def on_open(self) -> None:
        """Note that it is open, unless the broker opens it only to refuse it: then it names no source."""
        if self._link.remote_source.address is not None and not self._ready.done():
            self._ready.set_result(None)

    def on_flow(self) -> None:
        """Note that no credit is left to be used."""
        if not self._link.draining():
            self._drained.set()

    def on_delivery(self, delivery: Delivery) -> None:
        """Take a message that is all there, or hear what became of one."""
        if delivery in self._settling:
            if delivery.settled:
                settled = self._settling.pop(delivery)
                if not settled.done():
                    settled.set_result(int(delivery.remote_state))
                delivery.settle()
        elif delivery.readable and not delivery.partial:
            encoded = self._link.recv(delivery.pending) or b""
            self._link.advance()
            self._buffer.append((delivery, bytes(encoded)))
            self._arrived.set()

    def on_close(self, reason: str) -> None:
        """Tell everybody who waits."""
        self._ended = reason or "closed by the broker"
        gone = NoSession() if reason == "com.microsoft:timeout" else BusUnavailable(self._ended)
        waiting: list[asyncio.Future[Any]] = [self._ready, *self._settling.values()]
        for each in waiting:
            if not each.done():
                each.set_exception(gone)
                each.exception()  # whoever waited may have gone meanwhile
        self._settling.clear()
        self._arrived.set()
        self._drained.set()

    async def _wait(self, seconds: float) -> None:
        self._arrived.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._arrived.wait()
        except TimeoutError:
            return

    def _read_session(self) -> None:
        data = self._link.remote_source.filter
        data.rewind()
        found = data.get_dict() if data.next() else {}
        self.session = str(found.get(_SESSION_FILTER, ""))
        ticks = dict(self._link.remote_properties or {}).get(_LOCKED_UNTIL, 0)
        self.locked_until = (int(ticks) - _EPOCH_TICKS) / 10_000_000


def lock_token(delivery: Delivery) -> uuid.UUID:
    """Read a message's lock token: its delivery's tag, as .NET writes a Guid."""
    tag = bytes2pybytes(lib.pn_delivery_tag(delivery._impl))  # Delivery.tag would decode it as UTF-8
    return uuid.UUID(bytes_le=tag)


class Questions:
    """Requests to a queue's management node, and their answers."""

    def __init__(self, wire: HostWire, queue: str) -> None:
        node = f"{queue}/$management"
        self._wire = wire
        self._numbers = count(1)
        self._waiting: dict[object, asyncio.Future[Message]] = {}
        self._answers = wire.receiver(node, self)
        self._requests = wire.sender(node, self)
        self._answers.open()
        self._requests.open()
        self._answers.flow(1000)

    async def ask(self, operation: str, body: Mapping[str, object]) -> Mapping[str, object]:
        """Have an operation carried out. Raises BusUnavailable, also when it is refused."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        properties: dict[str, object] = {"operation": operation}
        request = Message(
            id=number, reply_to=self._answers.target.address, properties=properties, body=dict(body)
        )
        delivery = self._requests.delivery(str(number))
        self._requests.stream(bytes(request.encode()))
        self._requests.advance()
        delivery.settle()
        self._wire.soon()
        try:
            async with asyncio.timeout(_PATIENCE):
                found = await answer
        except TimeoutError:
            raise BusUnavailable("the broker does not answer") from None
        finally:
            self._waiting.pop(number, None)
        if (found.properties or {}).get("statusCode") != 200:
            raise BusUnavailable(str((found.properties or {}).get("statusDescription")))
        return found.body if isinstance(found.body, dict) else {}

    def on_open(self) -> None:
        """Nothing: what is sent before goes out then."""

    def on_flow(self) -> None:
        """Nothing: the engine keeps what there is no credit for."""

    def on_delivery(self, delivery: Delivery) -> None:
        """Hand an answer to whoever asked."""
        if not delivery.readable or delivery.partial:
            return
        encoded = self._answers.recv(delivery.pending) or b""
        self._answers.advance()
        delivery.settle()
        self._answers.flow(1)
        answer = Message()
        answer.decode(bytes(encoded))
        waiting = self._waiting.get(answer.correlation_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def on_close(self, reason: str) -> None:
        """Tell everybody who waits."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(BusUnavailable(reason or "closed by the broker"))
