"""The broker's side of one client's connection: each link that the client opens has its handler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from proton import Delivery, Event, Link, Session, Transport

from sandbox.service_bus.engine import Engine


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


class Wire(Engine):
    """The server's side of one connection; `attach` makes the handler of each link that the client opens."""

    def __init__(self, attach: Callable[[Wire, Link], LinkHandler | None]) -> None:
        super().__init__("hearthline-sandbox", Transport.SERVER)
        self._attach = attach
        self._handlers: dict[Link, LinkHandler] = {}

    def connection_lost(self, exc: Exception | None) -> None:
        """Close every link."""
        super().connection_lost(exc)
        for link in list(self._handlers):
            self._drop(link)

    def sibling(self, link: Link, address: str) -> LinkHandler | None:
        """Find the handler of the link of the same AMQP session to which the client gave that source."""
        found = (each for each in self._handlers if each.session == link.session and each.is_sender)
        return next((self._handlers[each] for each in found if each.source.address == address), None)

    def handle(self, event: Event) -> None:
        """Open and close what the client opens and closes, and tell links' handlers what is theirs."""
        link, session = event.link, event.session
        if link is not None:
            self._handle_link(event, link)
        elif event.type == Event.CONNECTION_REMOTE_OPEN:
            self.connection.open()
        elif event.type == Event.CONNECTION_REMOTE_CLOSE:
            self.connection.close()
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
            link.free()  # a connection may open thousands of links, one for each session that it works on
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
