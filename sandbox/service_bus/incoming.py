"""A sender's link: what comes in is put into the queue, and accepted or refused."""

from __future__ import annotations

from proton import Delivery, Receiver

from sandbox.service_bus.broker import Broker
from sandbox.service_bus.content import unpack
from sandbox.service_bus.entity import Entity
from sandbox.service_bus.errors import TOO_LARGE, Refused
from sandbox.service_bus.links import CREDIT, MAX_MESSAGE, grant, settle


class Incoming:
    """Takes one sender's messages."""

    def __init__(self, broker: Broker, entity: Entity, link: Receiver) -> None:
        self._broker = broker
        self._entity = entity
        self._link = link

    def start(self) -> None:
        """Open the link and let the sender send."""
        grant(self._link, {"com.microsoft:max-message-batch-size": MAX_MESSAGE})
        self._link.flow(CREDIT)

    def on_flow(self) -> None:
        """Nothing: a sender's flow says nothing new."""

    def on_delivery(self, delivery: Delivery) -> None:
        """Take a message, or a batch as a whole, once it is all there."""
        encoded = received(self._link, delivery)
        if encoded is None:
            return
        try:
            self._take(encoded)
            settle(delivery, Delivery.ACCEPTED)
        except Refused as refusal:
            settle(delivery, Delivery.REJECTED, refusal)
        self._broker.pump(self._entity)

    def on_close(self) -> None:
        """Nothing: a sender leaves nothing behind."""

    def _take(self, encoded: bytes) -> None:
        if len(encoded) > MAX_MESSAGE:
            raise Refused(TOO_LARGE, f"the message is larger than {MAX_MESSAGE} bytes")
        now = self._entity.now()
        for content in unpack(encoded):
            self._entity.queue.send(content, now)


def received(link: Receiver, delivery: Delivery) -> bytes | None:
    """Read a delivery that is all there, and give more credit in time; None if it is not."""
    if not delivery.readable or delivery.partial:
        return None
    encoded = link.recv(delivery.pending) or b""
    link.advance()
    if link.credit < CREDIT // 2:  # each flow costs the client 50 ms while it opens a link
        link.flow(CREDIT - link.credit)
    return bytes(encoded)
