"""One AMQP connection: proton's engine between a TCP stream and whoever handles its events.

The broker's side is wire.py, the functions host's is sandbox.functions_host.bus_wire.
"""

from __future__ import annotations

import asyncio
import time
from typing import cast

from proton import Collector, Connection, Event, Transport, TransportException

_CHUNK = 64 * 1024
_IDLE_SECONDS = 60


class Engine(asyncio.Protocol):
    """Feeds the engine, sends what it has to say, and hands its events to `handle`."""

    def __init__(self, container: str, mode: int = Transport.CLIENT) -> None:
        self._collector = Collector()
        self.connection = Connection()
        self.connection.container = container
        self._engine = Transport(mode)
        self._scheduled: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, without a name or a secret: authorization is the business of `$cbs`."""
        self._tcp = cast(asyncio.Transport, transport)  # uvloop's is none by its class
        self._engine.sasl().allowed_mechs("ANONYMOUS")
        self._engine.idle_timeout = _IDLE_SECONDS
        self.connection.collect(self._collector)
        self._engine.bind(self.connection)
        self._work()

    def data_received(self, data: bytes) -> None:
        """Feed the engine."""
        while data and (room := self._engine.capacity()) > 0:
            part, data = data[:room], data[room:]
            try:
                self._engine.push(part)
            except TransportException:  # the engine has told the other side what is wrong, and closes
                break
            self._work()
        self._work()

    def eof_received(self) -> None:
        """Let the TCP connection close."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop: nothing more will come or go."""
        for handle in (self._scheduled, self._timer):
            if handle is not None:
                handle.cancel()

    def soon(self) -> None:
        """Have what handlers asked of the engine sent."""
        if self._scheduled is None:
            self._scheduled = asyncio.get_running_loop().call_soon(self._work)

    def close(self) -> None:
        """Hang up."""
        self._tcp.close()

    def handle(self, event: Event) -> None:
        """Act on what the engine says."""
        raise NotImplementedError

    def _work(self) -> None:
        self._scheduled = None
        while (event := self._collector.peek()) is not None:
            self.handle(event)
            self._collector.pop()
        self._write()
        self._tick()

    def _write(self) -> None:
        while (waiting := self._engine.pending()) > 0:
            chunk = self._engine.peek(min(waiting, _CHUNK))
            if not chunk:
                break
            self._tcp.write(bytes(chunk))
            self._engine.pop(len(chunk))
        if waiting < 0:
            self._tcp.close()

    def _tick(self) -> None:
        """Let the engine send its heartbeat when one is due."""
        now = time.monotonic()
        due = self._engine.tick(now)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, due - now), self._work)
