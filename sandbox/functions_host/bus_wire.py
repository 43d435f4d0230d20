"""The functions host's connection to the broker: one for all its queues, on proton, with no polling.

Azure's host has the .NET client; the Python one polls each link's own connection five times a second, which
a dozen queues with some sessions each would make a laptop feel.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from proton import Delivery, Event, Link, Receiver, Sender, Session

from sandbox.functions_host.bus_ports import BusUnavailable
from sandbox.service_bus.engine import Engine

_PATIENCE = 5.0


class LinkEnd(Protocol):
    """What is at our end of a link."""

    def on_open(self) -> None:
        """Act on the broker's having opened it."""
        ...

    def on_flow(self) -> None:
        """Act on a change of credit."""
        ...

    def on_delivery(self, delivery: Delivery) -> None:
        """Act on a message that comes in, or on what became of one."""
        ...

    def on_close(self, reason: str) -> None:
        """Act on its end; `reason` is an AMQP condition, or ""."""
        ...


class HostWire(Engine):
    """Our side of one connection, and of the links on it."""

    def __init__(self, address: str) -> None:
        super().__init__("hearthline-host")
        self._address = address
        self._ends: dict[Link, LinkEnd] = {}
        self._count = 0
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost = False

    async def opened(self) -> None:
        """Wait for the broker's hello. Raises BusUnavailable."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._opened
        except TimeoutError:
            self.close()
            raise BusUnavailable("the broker does not speak") from None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say hello."""
        self.connection.hostname = self._address
        self.connection.open()
        self._session = self.connection.session()
        self._session.open()
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell every link."""
        self.lost = True
        super().connection_lost(exc)
        if not self._opened.done():
            self._opened.set_exception(BusUnavailable("the connection was lost"))
        for end in [self._ends.pop(link) for link in list(self._ends)]:
            end.on_close("connection lost")

    def receiver(self, queue: str, end: LinkEnd) -> Receiver:
        """Make a link that receives; the caller opens it. Raises BusUnavailable."""
        link = self._session_of_links().receiver(self._name(queue))
        link.source.address = queue
        link.target.address = link.name
        self._ends[link] = end
        return link

    def sender(self, queue: str, end: LinkEnd) -> Sender:
        """Make a link that sends; the caller opens it. Raises BusUnavailable."""
        link = self._session_of_links().sender(self._name(queue))
        link.target.address = queue
        link.source.address = link.name
        self._ends[link] = end
        return link

    def hang_up(self, link: Link) -> None:
        """Close a link; nothing more is heard of it."""
        if not self.lost and self._ends.pop(link, None) is not None:
            link.close()
            link.free()
            self.soon()

    def handle(self, event: Event) -> None:
        """Pass on what concerns a link."""
        if event.type == Event.CONNECTION_REMOTE_OPEN and not self._opened.done():
            self._opened.set_result(None)
        elif event.type == Event.CONNECTION_REMOTE_CLOSE:
            self.close()
        elif event.link is not None and (end := self._ends.get(event.link)) is not None:
            self._handle_link(event, event.link, end)

    def _handle_link(self, event: Event, link: Link, end: LinkEnd) -> None:
        if event.type == Event.LINK_REMOTE_OPEN:
            end.on_open()
        elif event.type == Event.LINK_FLOW:
            end.on_flow()
        elif event.type in (Event.LINK_REMOTE_CLOSE, Event.LINK_REMOTE_DETACH):
            condition = link.remote_condition
            self.hang_up(link)
            end.on_close("" if condition is None else condition.name)
        elif event.delivery is not None:
            end.on_delivery(event.delivery)

    def _session_of_links(self) -> Session:
        if self.lost:
            raise BusUnavailable("the connection was lost")
        return self._session

    def _name(self, queue: str) -> str:
        self._count += 1
        return f"{queue}-{self._count}"


async def connect(host: str, port: int) -> HostWire:
    """Connect to a broker. Raises BusUnavailable."""
    loop = asyncio.get_running_loop()
    try:
        _, wire = await loop.create_connection(lambda: HostWire(f"{host}:{port}"), host, port)
    except OSError as problem:
        raise BusUnavailable(f"nobody answers at {host}:{port}") from problem
    await wire.opened()
    return wire
