"""What the Service Bus listener needs: bus_amqp.py speaks to the sandbox's broker, tests have a fake."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import Protocol

import msgspec


class BusUnavailable(Exception):
    """The broker cannot be reached, or refuses; open a new receiver later."""


class NoSession(Exception):
    """No session has messages now; ask again."""


class BusMessage(msgspec.Struct, frozen=True):
    """A locked message; `properties` by the names of Azure's trigger metadata (MessageId, SessionId, …).

    Instants in `properties` are ISO 8601 texts; `handle` is the receiver's own.
    """

    handle: object
    body: bytes
    properties: Mapping[str, str | int | None]
    application: Mapping[str, object] = {}


class BusReceiver(Protocol):
    """A peek-lock receiver of a queue or of one session. Every method may raise BusUnavailable."""

    def receive(self, count: int, seconds: float) -> Coroutine[object, object, Sequence[BusMessage]]:
        """Lock up to `count` messages, waiting up to `seconds` for the first; renew their locks."""
        ...

    async def complete(self, message: BusMessage) -> None:
        """Settle a message that is done with."""
        ...

    async def abandon(self, message: BusMessage) -> None:
        """Give a message back, its delivery count one up; the broker dead-letters at its limit."""
        ...

    async def close(self) -> None:
        """Close the link; messages still locked come back."""
        ...


class BusSource(Protocol):
    """Opens receivers on one queue."""

    def open(self) -> Coroutine[object, object, BusReceiver]:
        """Open a receiver, of the next session where sessions are on. Raises NoSession, BusUnavailable."""
        ...

    async def close(self) -> None:
        """Close the connection."""
        ...
