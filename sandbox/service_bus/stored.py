"""What a queue keeps: messages, the locks on them and the locks on sessions."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from proton import int32, timestamp

from sandbox.service_bus.content import Content, pack

ACTIVE, DEFERRED, SCHEDULED = range(3)

type Holder = object
"""Who holds a session: compared by identity only."""


@dataclass(slots=True, eq=False)
class Message:
    """A message in a queue; `deliveries` counts those that failed, `enqueued` is in seconds since 1970."""

    content: Content
    number: int
    enqueued: float
    deliveries: int = 0
    state: int = ACTIVE
    source: str = ""

    def expired(self, now: float) -> bool:
        """Whether it waited longer than its sender allowed."""
        limit = self.content.time_to_live
        return limit is not None and now >= self.enqueued + limit

    def pack(self, locked_until: float | None = None) -> bytes:
        """Encode it for a receiver."""
        marks: dict[str, object] = {
            "x-opt-sequence-number": self.number,
            "x-opt-enqueued-time": timestamp(int(self.enqueued * 1000)),
            "x-opt-message-state": int32(self.state),
        }
        if locked_until is not None:
            marks["x-opt-locked-until"] = timestamp(int(locked_until * 1000))
        if self.source:
            marks["x-opt-deadletter-source"] = self.source
        return pack(self.content, self.deliveries, marks)


@dataclass(slots=True, eq=False)
class Lock:
    """A message given to somebody; in a session, the session's lock decides how long."""

    message: Message
    until: float
    session: str | None = None
    token: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(slots=True, eq=False)
class SessionLock:
    """A session given to somebody."""

    holder: Holder
    until: float
