"""One client's connection: proton's AMQP engine between a TCP stream and the links' handlers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from proton import Collector, Connection, Delivery, Event, Link, Session, Transport, TransportException

_CHUNK = 64 * 1024


class LinkHandler(Protocol):
    """What is at this end of a link."""

    def on_flow(self) -> None:
        """Act on new credit."""
        ...

    def on_delivery(self, delivery: Delivery) -> None:
        """Act on a message that comes in, or on what became of one that went out."""
        ...

    def on_close(self) -> None:
        """Forget the link; it is gone."""
        ...


class Wire(asyncio.Protocol):
    """The server's side of one connection; `attach` makes the handler of each link that the client opens."""

    def __init__(self, attach: Callable[[Wire, Link], LinkHandler | None], open_wires: set[Wire]) -> None:
        self._attach = attach
        self._open_wires = open_wires
        self._handlers: dict[Link, LinkHandler] = {}
        self._collector = Collector()
        self._connection = Connection()
        self._engine = Transport(Transport.SERVER)
        self._scheduled: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: any client may come in, as authorization is the business of `$cbs`."""
        assert isinstance(transport, asyncio.Transport)
        self._tcp = transport
        self._open_wires.add(self)
        self._engine.sasl().allowed_mechs("ANONYMOUS")
        self._engine.idle_timeout = 60
        self._connection.container = "hearthline-sandbox"
        self._connection.collect(self._collector)
        self._engine.bind(self._connection)
        self._work()

    def data_received(self, data: bytes) -> None:
        """Feed the engine."""
        while data and (room := self._engine.capacity()) > 0:
            part, data = data[:room], data[room:]
            try:
                self._engine.push(part)
            except TransportException:  # the engine has told the client what is wrong, and closes
                break
            self._work()
        self._work()

    def eof_received(self) -> None:
        """Let the TCP connection close."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Close every link."""
        self._open_wires.discard(self)
        for handle in (self._scheduled, self._timer):
            if handle is not None:
                handle.cancel()
        for link in list(self._handlers):
            self._drop(link)

    def soon(self) -> None:
        """Have what handlers asked of the engine sent."""
        if self._scheduled is None:
            self._scheduled = asyncio.get_running_loop().call_soon(self._work)

    def close(self) -> None:
        """Hang up."""
        self._tcp.close()

    def sibling(self, link: Link, address: str) -> LinkHandler | None:
        """Find the handler of the link of the same AMQP session to which the client gave that source."""
        found = (each for each in self._handlers if each.session == link.session and each.is_sender)
        return next((self._handlers[each] for each in found if each.source.address == address), None)

    def _work(self) -> None:
        self._scheduled = None
        while (event := self._collector.peek()) is not None:
            self._handle(event)
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

    def _handle(self, event: Event) -> None:
        link, session = event.link, event.session
        if link is not None:
            self._handle_link(event, link)
        elif event.type == Event.CONNECTION_REMOTE_OPEN:
            self._connection.open()
        elif event.type == Event.CONNECTION_REMOTE_CLOSE:
            self._connection.close()
        elif session is not None and event.type == Event.SESSION_REMOTE_OPEN:
            session.open()
        elif session is not None and event.type == Event.SESSION_REMOTE_CLOSE:
            self._close_session(session)

    def _handle_link(self, event: Event, link: Link) -> None:
        handler, delivery = self._handlers.get(link), event.delivery
        if event.type == Event.LINK_REMOTE_OPEN:
            self._open(link)
        elif event.type in (Event.LINK_REMOTE_CLOSE, Event.LINK_REMOTE_DETACH):
            self._drop(link)
            link.close()
        elif handler is not None and event.type == Event.LINK_FLOW:
            handler.on_flow()
        elif handler is not None and delivery is not None:
            handler.on_delivery(delivery)

    def _open(self, link: Link) -> None:
        handler = self._attach(self, link)
        if handler is not None:
            self._handlers[link] = handler
            handler.on_flow()

    def _close_session(self, session: Session) -> None:
        for link in [each for each in self._handlers if each.session == session]:
            self._drop(link)
        session.close()

    def _drop(self, link: Link) -> None:
        handler = self._handlers.pop(link, None)
        if handler is not None:
            handler.on_close()
