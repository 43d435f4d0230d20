"""A receiver's link: messages go out as it gives credit, and are settled as it says."""

from __future__ import annotations

import uuid

from proton import Delivery, Sender

from sandbox.service_bus.broker import Broker
from sandbox.service_bus.entity import Entity
from sandbox.service_bus.errors import LOCK_LOST, SESSION_LOST, Refused
from sandbox.service_bus.links import grant, put_session, refuse, settle
from sandbox.service_bus.stored import Lock
from sandbox.service_bus.wire import Wire

_EPOCH_TICKS = 621_355_968_000_000_000  # 1970 in .NET's 100 ns since year 1


class Outgoing:
    """Gives a queue's messages to one receiver."""

    def __init__(self, broker: Broker, entity: Entity, wire: Wire, link: Sender) -> None:
        self.session: str | None = None
        self._broker = broker
        self._entity = entity
        self._wire = wire
        self._link = link
        self._open = False
        self._sent: dict[Delivery, uuid.UUID] = {}

    def start(self) -> None:
        """Open the link, of no session."""
        grant(self._link)
        self._open = True

    def accepted(self, locked_until: float) -> None:
        """Open the link and say which session it has, and until when."""
        assert self.session is not None
        ticks = _EPOCH_TICKS + int(locked_until * 10_000_000)
        grant(self._link, {"com.microsoft:locked-until-utc": ticks})
        put_session(self._link, self.session)
        self._open = True
        self._wire.soon()

    def refuse(self, refusal: Refused) -> None:
        """Close the link with an error."""
        self._open = False
        refuse(self._link, refusal)
        self._wire.soon()

    def ready(self) -> bool:
        """Say whether there is credit."""
        return self._open and self._link.credit > 0

    def hand_out(self, lock: Lock, locked_until: float) -> None:
        """Send a message; it is settled at once if the receiver asked for that."""
        # the delivery's tag is the lock token, as .NET writes a Guid
        delivery = self._link.delivery(lock.token.bytes_le)  # type: ignore[arg-type]  # bytes do, says its code
        self._link.stream(lock.message.pack(locked_until))
        self._link.advance()
        if self._link.snd_settle_mode == self._link.SND_SETTLED:
            delivery.settle()
            self._entity.queue.complete(lock.token, self._entity.now())
        else:
            self._sent[delivery] = lock.token
        self._wire.soon()

    def on_flow(self) -> None:
        """Send what there is; give unused credit back to a receiver that drains."""
        if self._open:
            self._entity.pump()
            if self._link.drain_mode:
                self._link.drained()

    def on_delivery(self, delivery: Delivery) -> None:
        """Do with a message as its receiver says, and confirm it."""
        token = self._sent.get(delivery)
        if token is None or not (delivery.settled or delivery.remote_state):
            return
        del self._sent[delivery]
        try:
            self._apply(token, delivery)
            settle(delivery, int(delivery.remote_state))
        except Refused as refusal:
            lost = SESSION_LOST if self.session and refusal.condition == LOCK_LOST else refusal.condition
            settle(delivery, 0, Refused(lost, refusal.text))
        self._broker.pump(self._entity)

    def on_close(self) -> None:
        """Leave the queue."""
        self._open = False
        self._entity.leave(self)

    def _apply(self, token: uuid.UUID, delivery: Delivery) -> None:
        queue, now, state = self._entity.queue, self._entity.now(), delivery.remote_state
        if state == Delivery.ACCEPTED:
            queue.complete(token, now)
        elif state == Delivery.REJECTED:
            queue.dead_letter(token, *_why(delivery), now)
        elif state == Delivery.MODIFIED and delivery.remote.undeliverable:
            queue.defer(token, now)
        elif state == Delivery.MODIFIED and delivery.remote.failed:
            queue.abandon(token, now)
        else:
            queue.release(token, now)


def _why(delivery: Delivery) -> tuple[str, str]:
    condition = delivery.remote.condition
    info = condition.info if condition is not None and isinstance(condition.info, dict) else {}
    reason, description = info.get("DeadLetterReason"), info.get("DeadLetterErrorDescription")
    return str(reason or ""), str(description or "")
